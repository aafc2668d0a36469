"""What people read, in each language: one table a page, both languages side by side.

A file of `pages/words` holds `key = { en = "…", zh = "…" }`; places for values are
written `{name}`. It is known without the library that draws the pages.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "zh")
"""The first one is for browsers that ask for none of them."""

SHARED: Final = "shell"
"""The table of what every page may say."""

DIRECTORY: Final = Path(__file__).with_name("pages") / "words"


class Words:
    """The words of one page in one language."""

    def __init__(self, page: str, language: str) -> None:
        assert language in LANGUAGES, "languages are chosen among these"
        self._tables = (_table(page), _table(SHARED))
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key; raises KeyError when the tables lack it."""
        for table in self._tables:
            if key in table:
                text = table[key][self.language]
                return text.format(**values) if values else text
        raise KeyError(key)

    def known(self, kind: str, name: str | None) -> str:
        """The word for a state's name; the name itself when there is none."""
        try:
            return self(f"{kind}_{name}")
        except KeyError:
            return name or ""

    def all_of(self, kind: str) -> dict[str, str]:
        """The word for each name of a kind, in the order of the tables."""
        keys = [key for table in self._tables for key in table]
        start = f"{kind}_"
        return {it.removeprefix(start): self(it) for it in keys if it.startswith(start)}


def scores_in_words(
    words: Words, scores: Mapping[str, str], by_scale: Mapping[str, Mapping[str, str]]
) -> str:
    """Score maps, level by level: that of the rules, then those of scales."""
    found = [_listed(scores)]
    for scale, own in by_scale.items():
        found.append(words("scores_of_scale", scale=scale, scores=_listed(own)))
    return "".join(found)


def _listed(scores: Mapping[str, str]) -> str:
    return ", ".join(f"{level}: {scores[level]}" for level in sorted(scores)[::-1])


@cache
def _table(page: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((DIRECTORY / f"{page}.toml").read_text("utf-8"))


def language_of(chosen: str | None, accepted: str) -> str:
    """What somebody chose, else the first known one of Accept-Language."""
    if chosen in LANGUAGES:
        return chosen
    for wish in accepted.split(","):
        code = wish.partition(";")[0].strip().partition("-")[0].lower()
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]
