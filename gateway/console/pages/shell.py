"""The frame of every page: who and where one is, the way to the others, the colours."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from nicegui import ui

from gateway import __version__
from gateway.console.entrance import LOG_OUT
from gateway.console.pages.page import Page
from gateway.console.pages.visit import HIDDEN, Visit
from gateway.console.preferences import LANGUAGE, THEME, THEMES

STATIC: Final = "/console"
"""Where the frame's own files are served."""

_COLOURS: Final = {
    "primary": "#1565c0",
    "positive": "#1b7a35",
    "negative": "#b3261e",
    "warning": "#8a5a00",
    "info": "#00677d",
    "dark": "#1d2126",
    "dark_page": "#121417",
}
_THEME_ICONS: Final = {
    "auto": "brightness_auto",
    "light": "light_mode",
    "dark": "dark_mode",
}


@contextmanager
def framed(
    visit: Visit, page: Page, pages: Sequence[Page], gateway_id: str, *, is_open: bool
) -> Iterator[None]:
    """What is drawn inside is the page's content."""
    title = visit.words(f"page_{page.name}")
    ui.page_title(f"{title} · {gateway_id}")
    ui.colors(**_COLOURS)
    ui.add_head_html(
        f'<link rel="stylesheet" href="{STATIC}/console.css?v={__version__}">'
        f'<script src="{STATIC}/console.js?v={__version__}" defer></script>'
    )
    ui.on(HIDDEN, lambda event: visit.pause(hidden=bool(event.args)))
    drawer = _menu(visit, page, pages)
    _header(visit, drawer, gateway_id)
    if is_open:
        with ui.element("div").classes("console-open").props("role=alert"):
            ui.label(visit.words("open_banner"))
    old = ui.label().classes("console-old").props("role=status")
    old.set_visibility(False)
    visit.place_of_notices(old)
    with ui.element("main").classes("console-main").props("id=content tabindex=-1"):
        ui.label(title).classes("console-title").props("role=heading aria-level=1")
        yield


def _header(visit: Visit, drawer: ui.left_drawer, gateway_id: str) -> None:
    words = visit.words
    with ui.header(elevated=False).classes("console-header"):
        _button("menu", words("menu"), drawer.toggle)
        ui.label(words("product")).classes("console-product")
        ui.label(gateway_id).classes("console-gateway")
        ui.space()
        user = words("nobody")
        if visit.login is not None and visit.caller.name:
            key = "user_of_site" if visit.caller.site else "user_of"
            user = words(key, name=visit.caller.name, site=visit.caller.site)
        ui.label(user).classes("console-user")
        _language(visit)
        _theme(visit)
        if visit.login is not None:
            with ui.element("form").props(f'method=post action="{LOG_OUT}"'):
                _button("logout", words("log_out")).props("type=submit")


def _language(visit: Visit) -> None:
    other = "en" if visit.words.language == "zh" else "zh"
    label = visit.words("language_label")
    button = ui.button(visit.words("language")).props("flat dense no-caps color=white")
    button.props["aria-label"] = label
    button.props["lang"] = "zh-CN" if other == "zh" else "en"
    button.on("click", js_handler=_choosing(LANGUAGE, other))


def _theme(visit: Visit) -> None:
    theme = visit.preferences.theme
    following = THEMES[(THEMES.index(theme) + 1) % len(THEMES)]
    button = _button(_THEME_ICONS[theme], visit.words(f"theme_{theme}"))
    button.on("click", js_handler=_choosing(THEME, following))


def _choosing(cookie: str, value: str) -> str:
    """Both are words of ours."""
    return f"() => window.console_choose('{cookie}', '{value}')"


def _button(
    icon: str, label: str, on_click: Callable[[], object] | None = None
) -> ui.button:
    button = ui.button(icon=icon, on_click=on_click)
    button.props("flat round dense color=white")
    button.props["aria-label"] = label
    with button:
        ui.tooltip(label)
    return button


def _menu(visit: Visit, page: Page, pages: Sequence[Page]) -> ui.left_drawer:
    drawer = ui.left_drawer(bordered=True).classes("console-menu").props("width=220")
    with drawer, ui.element("nav") as nav:
        nav.props["aria-label"] = visit.words("navigation")
        for other in pages:
            if other.icon and visit.may(other.scope):
                _way(visit, other, here=other.name in {page.name, page.under})
    return drawer


def _way(visit: Visit, page: Page, *, here: bool) -> None:
    link = ui.element("a").classes("console-way")
    link.props["href"] = page.path
    if here:
        link.props("aria-current=page")
    with link:
        ui.icon(page.icon, size="24px").props("aria-hidden=true")
        ui.label(visit.words(f"page_{page.name}"))
