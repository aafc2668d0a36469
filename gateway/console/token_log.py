"""Tokens and users are made and revoked in files: each change becomes a record."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool

from gateway.acts import Act, ActName, TokensAct, UsersAct
from gateway.console.acts import Acts
from gateway.errors import PermanentError, TransientError
from gateway.queries import LedgerQueries
from gateway.tokens import Token, Tokens
from gateway.users import User, Users

LOOK_EVERY_S: Final = 5.0
_AUTHOR: Final = "console"

log = structlog.get_logger("console")

Roll = list[dict[str, Any]]
"""Who there is, without what they are known by."""


class TokenLog:
    """Compares the files with what the ledger holds of them: names, rights, sites."""

    def __init__(
        self, tokens: Tokens, users: Users, ledger: LedgerQueries, acts: Acts
    ) -> None:
        self._tokens = tokens
        self._users = users
        self._ledger = ledger
        self._acts = acts
        self._told: dict[str, Roll] = {}

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            try:
                await self.look()
            except (TransientError, PermanentError) as error:
                log.warning("tokens_not_recorded", detail=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Record tokens and users as they are now, unless that is known."""
        await self._tell(
            "tokens",
            list(map(_token, self._tokens.all())),
            ActName.TOKENS_APPLIED,
            lambda roll: TokensAct(author=_AUTHOR, tokens=roll),
        )
        await self._tell(
            "users",
            list(map(_user, self._users.all())),
            ActName.USERS_APPLIED,
            lambda roll: UsersAct(author=_AUTHOR, users=roll),
        )

    async def _tell(
        self, what: str, now: Roll, name: ActName, act: Callable[[Roll], Act]
    ) -> None:
        if now == self._told.get(what):
            return
        text = await run_in_threadpool(self._ledger.setting, what)
        if now != (msgspec.json.decode(text) if text else []):
            await self._acts.record(name, act(now))
            names = [one["name"] for one in now]
            log.info("credentials_recorded", what=what, names=names)
        self._told[what] = now


def _token(token: Token) -> dict[str, Any]:
    """Without the digest, which is nobody's business but ours."""
    return {
        "name": token.name,
        "scopes": list(token.scopes),
        "site": token.site,
        "created_ms": token.created_ms,
    }


def _user(user: User) -> dict[str, Any]:
    """Without the hash, as a token without its digest."""
    return {
        "name": user.name,
        "role": user.role,
        "scopes": sorted(user.scopes),
        "site": user.site,
        "employee": user.employee,
        "disabled": user.disabled,
        "created_ms": user.created_ms,
    }
