"""Facts, moments and deadlines, one below the other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from nicegui import ui

from gateway.console.naming import Named
from gateway.console.pages.panels.blocks import heading, named
from gateway.console.pages.visit import Visit

PLACES: Final = {
    "site": "site",
    "department": "department",
    "window": "window",
    "employee": "employee_id",
}
"""Where a rating or a session belongs: fields of the API by their words."""


@contextmanager
def section(title: str, width: str = "") -> Iterator[None]:
    """A card with a heading."""
    with ui.element("section").classes(f"console-card {width}"):
        heading(title)
        yield


def facts(pairs: Sequence[tuple[str, object]]) -> None:
    """Names and values; what is not known is left out."""
    with ui.element("dl").classes("console-facts"):
        for name, value in pairs:
            if value in (None, "", []):
                continue
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                if isinstance(value, Named):
                    named(value)
                    continue
                ui.label(", ".join(value) if isinstance(value, list) else str(value))


class Line:
    """Moments one below the other, to the millisecond if they have any.

    Unless `form` says less.
    """

    def __init__(self, visit: Visit, form: str = "") -> None:
        self._visit = visit
        self._form = form
        self._list = ui.element("ol").classes("console-line")

    def add(
        self,
        title: str,
        at: str | None,
        more: str = "",
        kind: str = "",
        recorded: str = "",
    ) -> None:
        """`kind` is good, fair or bad; `at` a time of the API; `recorded` on hover."""
        with self._list, ui.element("li").classes(kind):
            what = ui.label(title).classes("what")
            if recorded:
                what.props["title"] = recorded
            if at is not None:
                ui.label(self._time(at)).classes("console-number")
            if more:
                ui.label(more).classes("console-quiet")

    def _time(self, at: str) -> str:
        if self._form:
            return self._visit.time(at, self._form)
        return self._visit.time(at, "%Y-%m-%d %H:%M:%S.%f")[:-3].removesuffix(".000")


def clocks(visit: Visit, found: Mapping[str, Any]) -> None:
    """Deadlines, and the days that they were counted by."""
    for clock in found["deadlines"]:
        name = visit.words(f"clock_{clock['clock']}")
        until = visit.words("until_at", at=visit.time(clock["at"], "%Y-%m-%d %H:%M"))
        ui.label(visit.words("telling", name=name, told=until))
        skipped = ", ".join(day["day"] for day in clock["skipped"] or ())
        if skipped:
            ui.label(visit.words("skipped", days=skipped)).classes("console-quiet")
        if clock["estimated"]:
            ui.label(visit.words("estimated")).classes("console-quiet")
