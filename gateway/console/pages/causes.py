"""What is wrong, told by its cause and figures in the words of whoever reads.

The record's own sentence is English, with the figures of its moment; it is on hover.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

from gateway.console.pages.listing import Column
from gateway.console.wording import Words

_TABLE: Final = "causes"
_RECORDED: Final = "en"
"""The language of the record's own sentences."""

_NAMED: Final = {"work": "task"}
"""Figures that are names, and the kind of word that each has."""


class Causes:
    def __init__(self, words: Words) -> None:
        self._words = Words(_TABLE, words.language)
        self._told = self._words.all_of("told")

    def name(self, code: str) -> str:
        """The cause in a word or two."""
        return self._words.known("cause", code)

    def sentence(self, code: str, text: str, figures: Mapping[str, Any]) -> str:
        """With its figures if they are known; `text` is the record's sentence."""
        template = self._told.get(code, "")
        asked = {name for _, name, _, _ in Formatter().parse(template) if name}
        if asked and asked <= figures.keys():
            values = {name: self._value(name, figures[name]) for name in asked}
            return template.format(**values)
        if self._words.language == _RECORDED:
            return text
        return self._words(f"cause_{code}") if self._knows(code) else text

    def column(self, label: str) -> Column:
        """Of a list of alerts: what each is about."""
        words = {f"told_{code}": text for code, text in self._told.items()}
        if self._words.language != _RECORDED:
            words |= self._words.all_of("cause")
        for name, kind in _NAMED.items():
            known = self._words.all_of(kind)
            words |= {f"{name}:{it}": text for it, text in known.items()}
        return Column("cause", label, "told", words=words, recorded="text")

    def advice(self, label: str) -> Column:
        """Of a list of alerts: what to do about each."""
        itself = self._words("advice_itself")
        codes = self._words.all_of("cause")
        words = dict.fromkeys(codes, itself) | self._words.all_of("advice")
        return Column("cause", label, "told", words=words, recorded="advice")

    def _knows(self, code: str) -> bool:
        return self.name(code) != code

    def _value(self, name: str, value: object) -> str:
        kind = _NAMED.get(name)
        told = value if isinstance(value, list) else [value]
        if kind is not None:
            told = [self._words.known(kind, str(one)) for one in told]
        return self._words("list_joint").join(str(one) for one in told)
