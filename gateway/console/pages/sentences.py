"""Sentences that the gateway writes in English, told in the language of the reader.

A table of words holds them by `said_…`, each in both languages with the same places for
values, as translators know it: what fits the English one is told by the other. Records
and answers of the API stay as they are; what no table holds is shown as it was written.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from string import Formatter
from typing import Final

from gateway.console.wording import Words

RECORDED: Final = "en"
"""The language that records and answers are written in."""

INSTANTS: Final = ("at", "began", "until", "pressed")
"""Places for these; what people wrote in a sentence must never be taken for one."""

Told = Callable[[str], str]

_KIND: Final = "said"
_INSTANT: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[-+]\d\d:\d\d(?::\d\d)?"
_SHAPES: Final[Mapping[str, str]] = {
    "status": r"[1-5]\d\d",
    "count": r"\d+",
    "level": r"\d+",
    "version": r"\d+",
    **dict.fromkeys(INSTANTS, _INSTANT),
}
"""What may stand in a place, by its name; anything in all others."""

_NESTED: Final = frozenset(
    {"what", "how", "answer", "counted", "since", "where", "why", "state"}
)
"""Places that hold a sentence of their own."""

_KINDS: Final[Mapping[str, str]] = {
    "now": "lifecycle",
    "wanted": "lifecycle",
    "lifecycle": "lifecycle",
    "session": "session",
    "unrated": "why",
    "flag": "flag",
    "closed": "closed",
    "field": "field",
    "delivery": "delivery",
    "duty": "duty",
    "clock": "clock",
    "outcome": "outcome",
}
"""Places that hold a name, and the kind of word that it has."""

_NOTHING: Final = frozenset({"none", "no site"})
_EVENT: Final = re.compile(r"(\w+) \((\w+)\)")
_WEEKDAY: Final = re.compile(r" (Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b(?: \(([^)]+)\))?")


class Sentences:
    """Those of one table, for one reader; `places` say what their values are called."""

    def __init__(
        self, table: str, language: str, places: Mapping[str, Told] | None = None
    ) -> None:
        self._table = table
        self._words = Words(table, language)
        self._places = places or {}

    def told(self, text: str | None) -> str | None:
        """In the reader's words; None when they are the text's, or it is not known."""
        if not text or self._words.language == RECORDED:
            return None
        for name, pattern in _patterns(self._table).items():
            found = pattern.fullmatch(text)
            if found is not None:
                values = {it: self._value(it, v) for it, v in found.groupdict().items()}
                return self._words(f"{_KIND}_{name}", **values)
        return None

    def for_browsers(self) -> list[tuple[str, str]]:
        """Each as a pattern of JavaScript and what tells it; none for who reads it.

        For lists and sheets, whose texts never pass through here.
        """
        if self._words.language == RECORDED:
            return []
        return [
            (pattern.pattern.replace("(?P<", "(?<"), self._words(f"{_KIND}_{name}"))
            for name, pattern in _patterns(self._table).items()
        ]

    def kinds(self) -> dict[str, dict[str, str]]:
        """What names are called in the places that hold one, for browsers."""
        return {place: self._words.all_of(kind) for place, kind in _KINDS.items()}

    def _value(self, place: str, value: str) -> str:
        if value in _NOTHING:
            return self._words("none")
        if place in self._places:
            return self._places[place](value)
        if place in _NESTED:
            return self.told(value) or value
        if place in _KINDS:
            return self._words.known(_KINDS[place], value)
        return self._listed(place, value)

    def _listed(self, place: str, value: str) -> str:
        match place:
            case "events":
                told = _EVENT.sub(self._event, value)
            case "days":
                told = _WEEKDAY.sub(self._day, value)
            case "evidence":
                told = ", ".join(map(self._evidence, value.split(", ")))
            case _:
                return value
        return told.replace(", ", self._words("list_joint"))

    def _event(self, found: re.Match[str]) -> str:
        action, source = found.groups()
        name = self._words.known("event", action)
        return self._words(
            "beside", name=name, more=self._words.known("source", source)
        )

    def _day(self, found: re.Match[str]) -> str:
        weekday, why = found.groups()
        told = f" {self._words.known('day', weekday)}"
        more = self.told(why) or why
        return self._words("beside", name=told, more=more) if why else told

    def _evidence(self, text: str) -> str:
        name, _, value = text.partition(" ")
        if name.endswith("_ms"):
            value = self._words("milliseconds", value=value)
        known = self._words.all_of("evidence").get(name)
        return known.format(value=value) if known else text


@cache
def _patterns(table: str) -> dict[str, re.Pattern[str]]:
    """By name, in the order of the table: what is more special stands first."""
    english = Words(table, RECORDED).all_of(_KIND)
    return {
        name: re.compile(_pattern(text), re.DOTALL) for name, text in english.items()
    }


def _pattern(template: str) -> str:
    parts = []
    for literal, place, _, _ in Formatter().parse(template):
        parts.append(re.escape(literal))
        if place is not None:
            parts.append(f"(?P<{place}>{_SHAPES.get(place, '.+?')})")
    return "".join(parts)
