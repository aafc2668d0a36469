"""What an examination finds: one line each, and what to do about it."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """`name` tells findings of one area apart and is stable, for programs."""

    area: str
    name: str
    level: Level
    detail: str
    advice: str = ""


class Area:
    """Makes the findings of one area, for example of one sink."""

    def __init__(self, name: str) -> None:
        self.name = name

    def ok(self, name: str, detail: str) -> Finding:
        return Finding(self.name, name, Level.OK, detail)

    def warn(self, name: str, detail: str, advice: str) -> Finding:
        return Finding(self.name, name, Level.WARN, detail, advice)

    def fail(self, name: str, detail: str, advice: str) -> Finding:
        return Finding(self.name, name, Level.FAIL, detail, advice)
