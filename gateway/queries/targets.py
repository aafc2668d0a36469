"""Missed targets as readers see them."""

from typing import NamedTuple


class Miss(NamedTuple):
    """A figure below its target; `scope` is JSON, both numbers decimal strings."""

    period: str
    figure: str
    scope: str
    rules: str
    at_least: str
    value: str
    n: int
    at_ms: int
