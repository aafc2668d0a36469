"""What somebody chose for all pages: language, light or dark, and where their day is.

Kept in cookies that a page's script sets; nothing secret, nothing kept by us.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from starlette.requests import HTTPConnection

from gateway.console.wording import Words, language_of

LANGUAGE: Final = "evalgate_language"
THEME: Final = "evalgate_theme"
ZONE: Final = "evalgate_zone"
"""The cookies; `console.js` sets them."""

THEMES: Final = ("auto", "light", "dark")
_HTML: Final = {"en": "en-US", "zh": "zh-CN"}


class Preferences(NamedTuple):
    language: str
    theme: str
    zone: ZoneInfo

    @classmethod
    def of(cls, connection: HTTPConnection) -> Self:
        cookies = connection.cookies
        accepted = connection.headers.get("accept-language", "")
        theme = cookies.get(THEME, "")
        return cls(
            language_of(cookies.get(LANGUAGE), accepted),
            theme if theme in THEMES else THEMES[0],
            _zone(cookies),
        )

    @property
    def html_language(self) -> str:
        return _HTML[self.language]

    def words(self, page: str) -> Words:
        return Words(page, self.language)


def _zone(cookies: Mapping[str, str]) -> ZoneInfo:
    """Of the browser; UTC until it has said so."""
    try:
        return ZoneInfo(cookies.get(ZONE, "UTC"))
    except (ValueError, KeyError, OSError):  # no such zone, or no name of one
        return ZoneInfo("UTC")
