"""The newest ratings, nobody's name among them."""

from typing import Any, ClassVar

from nicegui import ui

from gateway.console.pages.numbers import NOTHING
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.visit import Visit

_COLUMNS = ("time", "level", "site", "window", "device", "flags")


class Latest:
    """A table of so many rows, filled anew at each look."""

    ROWS: ClassVar = 12
    PLACES: ClassVar = ("site", "window")

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        with ui.element("section").classes("console-card"):
            heading(words("ratings"))
            self._none = ui.label(words("no_ratings")).classes("console-quiet")
            with ui.element("div").classes("console-wide"):
                self._table = ui.element("table").classes("console-table")
            with self._table:
                with ui.element("thead"), ui.element("tr"):
                    for column in _COLUMNS:
                        with ui.element("th").props("scope=col"):
                            ui.label(words(f"column_{column}"))
                with ui.element("tbody"):
                    self._rows = [_Row() for _ in range(self.ROWS)]

    def show(self, ratings: list[dict[str, Any]]) -> None:
        self._none.set_visibility(not ratings)
        self._table.set_visibility(bool(ratings))
        for at, row in enumerate(self._rows):
            row.show(self._visit, ratings[at] if at < len(ratings) else None)


class _Row:
    def __init__(self) -> None:
        self._labels: dict[str, ui.label] = {}
        with ui.element("tr") as self._line:
            for column in _COLUMNS:
                with ui.element("td"):
                    self._labels[column] = ui.label()

    def show(self, visit: Visit, rating: dict[str, Any] | None) -> None:
        self._line.set_visibility(rating is not None)
        if rating is None:
            return
        level, words = rating["level"], visit.words
        flags = [words.known("flag", name) for name in rating["flags"]]
        if not rating["effective"]:
            flags.append(words("without_effect"))
        places = {name: visit.names.named(name, rating[name]) for name in Latest.PLACES}
        told = {
            "time": visit.time(rating["occurred_at"], "%H:%M:%S"),
            "level": NOTHING if level is None else str(level),
            "device": rating["device_id"],
            "flags": words("list_joint").join(flags),
            **{
                name: place.name if place else NOTHING for name, place in places.items()
            },
        }
        for name, place in places.items():
            title = place.id if place else ""
            if self._labels[name].props.get("title") != title:  # else told for nothing
                self._labels[name].props["title"] = title
        for column, text in told.items():
            self._labels[column].set_text(text)
        self._labels["level"].classes(replace=f"console-level l{level}")
