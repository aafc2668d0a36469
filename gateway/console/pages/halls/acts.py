"""What may be done with a terminal: only what makes sense at its stage of life."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from nicegui import ui

from fleet.registry import Lifecycle, may_become
from gateway.console.pages.dialogs import asked, confirmed
from gateway.console.pages.halls.states import takes_orders
from gateway.console.pages.visit import Visit

_HOURS: Final = (1, 2, 4, 8)

Again = Callable[[], Awaitable[None]]


class _Offer(NamedTuple):
    label: str
    do: Again
    offered: bool


class Acts:
    """Buttons for who may operate; drawn anew when the terminal's life goes on."""

    def __init__(self, visit: Visit, path: str, again: Again) -> None:
        self._visit, self._path, self._again = visit, path, again
        self._shown: tuple[object, ...] | None = None
        self._place: ui.element | None = None
        if visit.may("operate"):
            self._place = (
                ui.element("div").classes("console-filters").props("role=group")
            )
            self._place.props["aria-label"] = visit.words("acts")
            self._none = ui.label(visit.words("no_acts")).classes("console-quiet")
            self._none.set_visibility(False)

    async def show(self, device: Mapping[str, Any]) -> None:
        """Offer what can be done with it as it stands."""
        if self._place is None:
            return
        lifecycle = Lifecycle(device["lifecycle"])
        orders = takes_orders(device)
        window = await self._window() if orders else None
        if (lifecycle, window) == self._shown:
            return
        self._shown = lifecycle, window
        offers = [
            it for it in self._offers(lifecycle, window, orders=orders) if it.offered
        ]
        self._none.set_visibility(not offers)
        self._place.clear()
        with self._place:
            for offer in offers:
                label = self._visit.words(offer.label)
                ui.button(label, on_click=offer.do).props("outline no-caps")

    def _offers(
        self, now: Lifecycle, window: int | None, *, orders: bool
    ) -> list[_Offer]:
        def leads_to(wanted: Lifecycle) -> bool:
            return now is not wanted and may_become(now, wanted)

        is_away = now is Lifecycle.MAINTENANCE
        comes = leads_to(Lifecycle.ACTIVE)
        return [
            _Offer("approve", self._approve, comes and not is_away),
            _Offer("back", self._approve, comes and is_away),
            _Offer("refuse", self._refuse, leads_to(Lifecycle.REFUSED)),
            _Offer("press_test", self._press_test, orders),
            _Offer("maintenance", self._maintain, orders and window is None),
            _Offer("maintained", self._end, window is not None),
            _Offer("retire", self._retire, leads_to(Lifecycle.RETIRED)),
        ]

    async def _window(self) -> int | None:
        """Its announced maintenance that is not over."""
        now = datetime.fromtimestamp(self._visit.now_ms() / 1000, UTC)
        device = self._visit.params["device_id"]
        found = await self._visit.api.get(
            "/maintenance-windows", device=device, at=now.isoformat(), limit=1
        )
        return next((int(window["id"]) for window in found["items"]), None)

    async def _approve(self) -> None:
        await self._do("approve")

    async def _refuse(self) -> None:
        device = self._visit.params["device_id"]
        if await confirmed(self._visit, self._visit.words("refuse_why"), device=device):
            await self._do("refuse")

    async def _press_test(self) -> None:
        await self._do("press-test")

    async def _maintain(self) -> None:
        hours = {str(no): self._visit.words("for_hours", count=no) for no in _HOURS}
        question = self._visit.words("maintenance_why")
        told = await asked(self._visit, question, reason=True, choices=hours)
        if told is None:
            return
        now = datetime.fromtimestamp(self._visit.now_ms() / 1000, UTC)
        until = now + timedelta(hours=int(told["choice"]))
        body = {
            "device_id": self._visit.params["device_id"],
            "until": until.isoformat(),
            "reason": told["reason"] or None,
        }
        await self._carry_out(self._visit.api.post("/maintenance-windows", body))

    async def _end(self) -> None:
        window = await self._window()
        if window is not None:
            path = f"/maintenance-windows/{window}/end"
            await self._carry_out(self._visit.api.post(path, {}))

    async def _retire(self) -> None:
        device = self._visit.params["device_id"]
        if await confirmed(self._visit, self._visit.words("retire_why"), device=device):
            await self._do("retire")

    async def _do(self, verb: str) -> None:
        await self._carry_out(self._visit.api.post(f"{self._path}/{verb}", {}))

    async def _carry_out(self, doing: Awaitable[Any]) -> None:
        if await self._visit.act(doing):
            await self._again()
