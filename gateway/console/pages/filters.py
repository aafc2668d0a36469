"""What of a list somebody wants to see; it stands in the page's address."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from nicegui import ui

from gateway.console.pages import periods
from gateway.console.pages.visit import Visit

EVER: Final = ""
"""No period at all."""

_PERIOD: Final = "period"


class Filters:
    """Fields, choices and a period."""

    def __init__(
        self,
        visit: Visit,
        texts: Sequence[str],
        choices: Mapping[str, Mapping[str, str]],
        *,
        with_period: bool = True,
    ) -> None:
        self._visit = visit
        self._changed: Callable[[dict[str, object]], object] = dict
        names = (*texts, *choices, *((_PERIOD,) if with_period else ()))
        self._values = {name: visit.query.get(name, "") for name in names}
        with ui.element("div").classes("console-filters").props("role=search"):
            if with_period:
                self._select(_PERIOD, self._periods())
            for name, options in choices.items():
                self._select(name, {"": visit.words("any"), **options})
            for name in texts:
                self._text(name)

    @property
    def params(self) -> dict[str, object]:
        """As the API takes them; those that are empty are left out."""
        given: dict[str, object] = {
            name: value
            for name, value in self._values.items()
            if value and name != _PERIOD
        }
        period = self._values.get(_PERIOD)
        if period in periods.NAMES and period != periods.OWN:
            today = periods.today_of(self._visit.now_ms(), self._visit.zone)
            given |= periods.named(period, today).bounds(self._visit.zone)
        return given

    def then(self, changed: Callable[[dict[str, object]], object]) -> None:
        """Tell the API's parameters whenever somebody chooses others."""
        self._changed = changed

    def _periods(self) -> dict[str, str]:
        words = self._visit.words
        named = {
            name: words(f"period_{name}")
            for name in periods.NAMES
            if name != periods.OWN
        }
        return {EVER: words("period_ever"), **named}

    def _select(self, name: str, options: dict[str, str]) -> None:
        value = self._values[name] if self._values[name] in options else ""
        label = self._visit.words(f"filter_{name}")

        def choose() -> None:
            self._take(name, str(select.value or ""))

        select = ui.select(options, value=value, label=label, on_change=choose)
        select.props("dense outlined options-dense")

    def _text(self, name: str) -> None:
        async def choose() -> None:
            text = str(field.value or "").strip()
            self._take(name, await self._visit.names.id_of(name, text))

        field = ui.input(self._visit.words(f"filter_{name}"), value=self._values[name])
        field.props("dense outlined clearable")
        field.on("change", choose).on("clear", choose)

    def _take(self, name: str, value: str) -> None:
        self._values[name] = value
        given = {key: it for key, it in self._values.items() if it}
        query = f"?{urlencode(given)}" if given else ""
        ui.navigate.history.replace(self._visit.path + query)
        self._changed(self.params)
