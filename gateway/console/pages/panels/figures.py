"""Figures as cards and as charts; every number is also in the table below them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.numbers import NOTHING, count, mean
from gateway.console.pages.panels.blocks import heading, precise
from gateway.console.pages.visit import Visit
from gateway.console.wording import Words, scores_in_words

_LEVELS: Final = ("5", "4", "3", "2", "1")
_COLOURS: Final = {
    "5": "#1b7a35",
    "4": "#6fae5f",
    "3": "#c9a227",
    "2": "#d9722e",
    "1": "#b3261e",
}
_LINE: Final = "#2f7fd6"
_BARS: Final = "#9aa3ad"
_TEXT: Final = "#7a7f87"
"""Legible on light and on dark: charts do not follow the theme by themselves."""

_HOURS: Final = tuple(f"{hour:02}" for hour in range(24))
_DAYS: Final = tuple(range(1, 8))
_SCORES: Final = ("satisfaction_rate", "mean_level", "mean_score")
_MEANS: Final = {"mean_level", "mean_score"}
_SHARES: Final = ("unrated_share", "overdue_share", "response_rate", "completeness")
_PERCENT: Final = {"satisfaction_rate", *_SHARES}

Item = Mapping[str, Any]


class Cards:
    """The figures of all that was asked for, and by how much they changed."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.words
        with ui.element("section").classes("console-card"):
            heading(visit.words("figures"))
            self._none = ui.label(visit.words("no_figures")).classes("console-quiet")
            with ui.element("div").classes("console-cards"):
                names = (*_SCORES, "rated", *_SHARES)
                self._cards = {name: _Card(visit.words, name) for name in names}
            self._terms = ui.label().classes("console-quiet")

    def show(self, item: Item | None, *, with_defaults: bool) -> None:
        self._none.set_visibility(item is None)
        for name, card in self._cards.items():
            suffix = "_with_defaults" if with_defaults and name in _SCORES else ""
            card.show(item, name + suffix)
        self._terms.set_text("" if item is None else self._told(item))

    def _told(self, item: Item) -> str:
        words = self._words
        levels = ", ".join(map(str, item["satisfied_levels"]))
        scores = scores_in_words(words, item["score_map"], item["score_maps"])
        revision = item["rules_revision"]
        told = words("terms", levels=levels, scores=scores, revision=revision)
        if not item["min_n_met"]:
            told += " " + words("too_few", rated=item["rated"], least=item["min_n"])
        return told


class _Card:
    def __init__(self, words: Words, name: str) -> None:
        self._words = words
        self._unit = " %" if name in _PERCENT else ""
        self._is_mean = name in _MEANS
        with ui.element("div").classes("console-card"):
            ui.label(words(name)).classes("console-quiet")
            self._figure = ui.label(NOTHING).classes("console-figure")
            self._change = ui.label().classes("console-quiet console-number")

    def show(self, item: Item | None, name: str) -> None:
        value = None if item is None else item[name]
        precise(self._figure, self._text(value), value)
        change = ((item or {}).get("trend") or {}).get(name)
        told = "" if change is None else self._told(change)
        if item is not None and value is None:
            told = self._words("no_base")
        precise(self._change, told, change)

    def _text(self, value: int | str | None) -> str:
        if value is None:
            return NOTHING
        if isinstance(value, int):
            return count(value)
        return mean(value) if self._is_mean else value + self._unit

    def _told(self, change: str) -> str:
        key = "since_before" if self._is_mean else "points_since_before"
        rises = change.startswith("+")
        amount = mean(change) if self._is_mean else change.removeprefix("+")
        return self._words(key, change=f"+{amount}" if rises else amount)


class Distribution:
    """How many of each level."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.words
        with ui.element("section").classes("console-card w-4"):
            heading(visit.words("distribution"))
            self._chart = _chart(visit.words("distribution"))

    def show(self, item: Item | None, *, with_defaults: bool) -> None:
        words = self._words
        shares = "share_with_defaults" if with_defaults else "share"
        names = [words(f"level_{level}") for level in reversed(_LEVELS)]
        bars = [
            {
                "value": 0 if item is None else float(item[shares][level] or 0),
                "itemStyle": {"color": _COLOURS[level]},
            }
            for level in reversed(_LEVELS)
        ]
        _draw(
            self._chart,
            {
                "xAxis": {
                    "type": "value",
                    "max": 100,
                    "interval": 50,
                    "axisLabel": _percent_labels(),
                },
                "yAxis": {"type": "category", "data": names, "axisLabel": _labels()},
                "series": [
                    {
                        "type": "bar",
                        "data": bars,
                        "label": {
                            "show": True,
                            "position": "right",
                            "formatter": "{c} %",
                            "color": _TEXT,
                        },
                    }
                ],
            },
        )


class Trend:
    """The share of the satisfied as a line, how many pressed as bars."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.words
        with ui.element("section").classes("console-card w-8"):
            heading(visit.words("trend"))
            self._chart = _chart(visit.words("trend"))

    def show(self, items: Sequence[Item], step: str, *, with_defaults: bool) -> None:
        words, rate = self._words, _rate(with_defaults=with_defaults)
        found = [item for item in items if item["key"][step] is not None]
        rates = [None if it[rate] is None else float(it[rate]) for it in found]
        rated = words("rated")
        satisfied = words("satisfaction_rate")
        _draw(
            self._chart,
            {
                "tooltip": {"trigger": "axis"},
                "legend": {
                    "data": [satisfied, rated],
                    "top": 0,
                    "textStyle": {"color": _TEXT},
                },
                "xAxis": {
                    "type": "category",
                    "data": [str(item["key"][step]) for item in found],
                    "axisLabel": _labels(),
                },
                "yAxis": [
                    {"type": "value", "max": 100, "axisLabel": _percent_labels()},
                    {
                        "type": "value",
                        "splitLine": {"show": False},
                        "axisLabel": _labels(),
                    },
                ],
                "series": [
                    {
                        "name": satisfied,
                        "type": "line",
                        "data": rates,
                        "lineStyle": {"color": _LINE, "width": 2},
                        "itemStyle": {"color": _LINE},
                        "z": 3,
                    },
                    {
                        "name": rated,
                        "type": "bar",
                        "yAxisIndex": 1,
                        "data": [item["rated"] for item in found],
                        "itemStyle": {"color": _BARS, "opacity": 0.4},
                    },
                ],
            },
        )


class Heat:
    """The share of the satisfied by hour and weekday; how many pressed on hover."""

    def __init__(self, visit: Visit) -> None:
        self._words = visit.words
        with ui.element("section").classes("console-card"):
            heading(visit.words("heat"))
            self._chart = _chart(visit.words("heat"))

    def show(self, items: Sequence[Item], *, with_defaults: bool) -> None:
        rate = _rate(with_defaults=with_defaults)
        cells = {
            (str(it["key"]["hour"]), it["key"]["weekday"]): it
            for it in items
            if it[rate] is not None and it["key"]["hour"] is not None
        }
        hours = [hour for hour in _HOURS if any(key[0] == hour for key in cells)]
        days = [self._words(f"weekday_{day}") for day in _DAYS]
        data = [
            [hours.index(hour), day - 1, float(it[rate]), it["rated"]]
            for (hour, day), it in cells.items()
        ]
        _draw(
            self._chart,
            {
                "tooltip": {},
                "xAxis": {
                    "type": "category",
                    "data": [f"{hour}:00" for hour in hours],
                    "axisLabel": _labels(),
                },
                "yAxis": {
                    "type": "category",
                    "data": days,
                    "inverse": True,
                    "axisLabel": _labels(),
                },
                "visualMap": {
                    "min": min((cell[2] for cell in data), default=0),
                    "max": 100,
                    "dimension": 2,
                    "orient": "vertical",
                    "right": 0,
                    "top": "middle",
                    "text": ["100 %", ""],
                    "textStyle": {"color": _TEXT},
                    "inRange": {"color": ["#b3261e", "#c9a227", "#1b7a35"]},
                },
                "grid": {"left": 60, "right": 70, "top": 10, "bottom": 30},
                "series": [
                    {
                        "type": "heatmap",
                        "data": data,
                        "encode": {"tooltip": [2, 3]},
                        "dimensions": [
                            "",
                            "",
                            self._words("satisfaction_rate"),
                            self._words("rated"),
                        ],
                    }
                ],
            },
        )


class Hours:
    """Ratings of a day by the hour, beside what is usual."""

    def __init__(self, label: str) -> None:
        self._chart = _chart(label)

    def show(self, items: Sequence[Item], pressed: str, usual: str) -> None:
        """`items` are those of `/devices/{device_id}/hours`."""
        _draw(
            self._chart,
            {
                "tooltip": {"trigger": "axis"},
                "legend": {
                    "data": [pressed, usual],
                    "top": 0,
                    "textStyle": {"color": _TEXT},
                },
                "xAxis": {
                    "type": "category",
                    "data": [item["hour"] for item in items],
                    "axisLabel": _labels(),
                },
                "yAxis": {"type": "value", "axisLabel": _labels()},
                "series": [
                    {
                        "name": pressed,
                        "type": "bar",
                        "data": [item["ratings"] for item in items],
                        "itemStyle": {"color": _LINE},
                    },
                    {
                        "name": usual,
                        "type": "line",
                        "data": [item["usual"] for item in items],
                        "itemStyle": {"color": _TEXT},
                    },
                ],
            },
        )


def _rate(*, with_defaults: bool) -> str:
    return "satisfaction_rate" + ("_with_defaults" if with_defaults else "")


def _labels() -> dict[str, Any]:
    return {"color": _TEXT}


def _percent_labels() -> dict[str, Any]:
    return {"color": _TEXT, "formatter": "{value} %"}


def _chart(label: str) -> ui.echart:
    chart = ui.echart({}).classes("console-chart").props("role=img")
    chart.props["aria-label"] = label
    return chart


def _draw(chart: ui.echart, options: dict[str, Any]) -> None:
    chart.options.clear()
    chart.options.update(
        {
            "animation": False,
            "grid": {
                "left": 10,
                "right": 50,
                "top": 30,
                "bottom": 10,
                "containLabel": True,
            },
            **options,
        }
    )
    chart.update()
