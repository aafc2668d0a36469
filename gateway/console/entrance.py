"""Logging in and out: plain pages, which need no script and are there at once."""

from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, quote

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.acts import ActName, LoggedInAct
from gateway.console.acts import Acts
from gateway.console.logins import LogIns, cookie_name, login_name
from gateway.console.preferences import Preferences
from gateway.console.throttle import Throttle
from gateway.errors import PermanentError, TransientError
from gateway.users import User, Users

log = structlog.get_logger("console")

LOG_IN: Final = "/login"
LOG_OUT: Final = "/logout"
_FORM_BYTES_MAX: Final = 4096
_TRIES_AT_ONCE_MAX: Final = 4
"""Each waits for those before it, a tenth of a second or so."""

_POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with none at all a form's Origin is "null"
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{scheme}">
<title>{title} · evalgate</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 0; min-height: 100vh;
  display: grid; place-items: center; }}
main {{ width: min(22rem, calc(100vw - 3rem)); }}
h1 {{ font-size: 1.5rem; }}
label {{ display: block; margin: 1rem 0 .3rem; }}
input {{ width: 100%; box-sizing: border-box; font-size: 1rem; padding: .6rem; }}
button {{ margin-top: 1.4rem; width: 100%; font-size: 1rem; padding: .7rem; border: 0;
  border-radius: 4px; color: #fff; background: #1565c0; cursor: pointer; }}
p {{ line-height: 1.45; }}
.wrong {{ color: #fff; background: #b71c1c; padding: .6rem .8rem; border-radius: 4px; }}
</style>
</head>
<body>
<main>
<h1>evalgate</h1>
{told}
{form}
</main>
</body>
</html>
"""
_FORM: Final = """<form method="post" action="{action}">
<label for="user">{user}</label>
<input id="user" name="user" autocomplete="username" required autofocus
 value="{name}" maxlength="60" autocapitalize="none" spellcheck="false">
<label for="password">{password}</label>
<input id="password" name="password" type="password" maxlength="200" required
 autocomplete="current-password">
<button type="submit">{go}</button>
</form>"""


class Entrance:
    """Serves `LOG_IN` and `LOG_OUT`."""

    def __init__(
        self, users: Users, logins: LogIns, throttle: Throttle, acts: Acts
    ) -> None:
        self._users = users
        self._logins = logins
        self._throttle = throttle
        self._acts = acts
        self._tries = 0

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route(LOG_IN, self.ask, methods=["GET"]),
                Route(LOG_IN, self.try_to_log_in, methods=["POST"]),
                Route(LOG_OUT, self.log_out, methods=["POST"]),
            ]
        )

    async def ask(self, request: Request) -> Response:
        """The form, or what to do when there is nobody to log in."""
        return _page(request, "", self._nobody(request))

    async def try_to_log_in(self, request: Request) -> Response:
        """A new session behind a cookie, or the form once more with the reason."""
        form = await _form(request)
        name, words = form.get("user", ""), Preferences.of(request).words("shell")
        address = request.client.host if request.client else ""
        keys = (f"user {name}", f"address {address}")
        wait_ms = self._throttle.wait_ms(keys)
        if wait_ms or self._tries >= _TRIES_AT_ONCE_MAX:
            log.warning("log_in_throttled", address=address)
            wait_s = wait_ms // 1000 + 1
            text = words("login_wait", seconds=wait_s)
            page = _page(request, name, text, HTTPStatus.TOO_MANY_REQUESTS)
            page.headers["Retry-After"] = str(wait_s)
            return page
        user = await self._verified(name, form.get("password", ""))
        if user is None:
            self._throttle.failed(keys)
            log.warning("log_in_refused", address=address)  # a name may be a password
            return _page(request, name, words("login_wrong"), HTTPStatus.UNAUTHORIZED)
        self._throttle.succeeded(keys[0])
        log.info("logged_in", user=user.name, role=user.role, address=address)
        await self._record(user, address)
        return self._let_in(request, user)

    async def log_out(self, request: Request) -> Response:
        """End the session, and with it every page that is open in it."""
        name = login_name(request)
        if name is not None:
            self._logins.end(name)
        response = RedirectResponse(LOG_IN, HTTPStatus.SEE_OTHER)
        response.delete_cookie(cookie_name(request), httponly=True)
        return response

    async def _verified(self, name: str, password: str) -> User | None:
        self._tries += 1
        try:
            return await run_in_threadpool(self._users.verified, name, password)
        except PermanentError as error:
            log.exception("users_unreadable", detail=str(error))
            return None
        finally:
            self._tries -= 1

    async def _record(self, user: User, address: str) -> None:
        """For `audit`; nobody is kept out while the journal cannot be written."""
        act = LoggedInAct(author=user.name, role=user.role, address=address)
        try:
            await self._acts.record(ActName.LOGGED_IN, act)
        except (TransientError, PermanentError) as error:
            log.warning("log_in_not_recorded", detail=str(error))

    def _let_in(self, request: Request, user: User) -> Response:
        before = login_name(request)
        if before is not None:  # a name from before the log-in is never used on
            self._logins.end(before)
        response = RedirectResponse(_next(request), HTTPStatus.SEE_OTHER)
        response.set_cookie(
            cookie_name(request),
            self._logins.begin(user.name, user.hash),
            httponly=True,
            samesite="lax",  # a link in a letter of an alert leads to its page
            secure=request.url.scheme == "https",
        )
        return response

    def _nobody(self, request: Request) -> str:
        words = Preferences.of(request).words("shell")
        try:
            return "" if self._users.all() else words("login_no_users")
        except PermanentError:
            return words("login_unreadable")


def to_log_in(path: str) -> str:
    """Where to log in, and then come back."""
    return f"{LOG_IN}?next={quote(path)}"


def _next(request: Request) -> str:
    """The page that was asked for, here and nowhere else."""
    wanted = request.query_params.get("next", "/")
    outside = not wanted.startswith("/") or wanted[1:2] in {"/", "\\"}
    return "/" if outside or not wanted.isprintable() else wanted


async def _form(request: Request) -> dict[str, str]:
    """The fields; none of what is too long to be a form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES_MAX:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {key: values[0] for key, values in fields.items()}


def _page(
    request: Request, name: str, told: str, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    chosen = Preferences.of(request)
    words = chosen.words("shell")
    form = _FORM.format(
        action=escape(to_log_in(_next(request))),
        name=escape(name),
        user=words("login_user"),
        password=words("login_password"),
        go=words("login_go"),
    )
    text = _PAGE.format(
        lang=chosen.html_language,
        scheme={"light": "light", "dark": "dark"}.get(chosen.theme, "light dark"),
        title=words("login_title"),
        told=f'<p class="wrong" role="alert">{escape(told)}</p>' if told else "",
        form=form,
    )
    return HTMLResponse(text, status, headers=_POLICY)
