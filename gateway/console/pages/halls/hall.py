"""Halls: the sites that need hands first, and one site as its windows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages.causes import Causes
from gateway.console.pages.halls.states import WELL, badges, reasons
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.numbers import duration
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.rated.telling import section
from gateway.console.pages.visit import Visit

_REFRESH_S: Final = 5.0
_WINDOWS_MAX: Final = 200


async def build_all(visit: Visit) -> None:
    words = visit.words
    counts = ("devices", "offline", "stale", "failed", "degraded", "alerts")
    Listing(
        visit,
        "/sites/ranking",
        [
            Column("site", words("site"), href="/halls/{site}", names="sites"),
            *(Column(name, words(f"count_{name}"), "number") for name in counts),
            Column("need", words("need"), "number"),
        ],
        label=words("ranking"),
        empty=words("no_sites"),
    )
    with section(words("uncovered")):
        Listing(
            visit,
            "/coverage",
            [
                Column("site", words("site"), href="/halls/{site}", names="sites"),
                Column("window", words("window"), names="windows"),
                Column("devices", words("count_devices"), words={"": words("none")}),
            ],
            label=words("uncovered"),
            empty=words("all_covered"),
        )


class Hall:
    """Windows as cards; each look draws only what has changed."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._site = visit.params["site"]
        self._told = ui.label().classes("console-heading").props("role=status")
        self._cards: dict[str, _Window] = {}
        self._place = ui.element("div").classes("console-windows")

    async def look(self) -> None:
        path = f"/sites/{quote(self._site, safe='')}/rollcall"
        found = await self._visit.api.get(path, limit=_WINDOWS_MAX)
        devices: list[dict[str, Any]] = found["items"]
        devices.sort(key=lambda device: _natural(device["window"]))
        if list(self._cards) != [device["device_id"] for device in devices]:
            await self._visit.names.learn_of(devices)
        well = [it for it in devices if _is_well(it)]
        told = self._visit.words("rollcall", well=len(well), all=len(devices))
        self._told.set_text(told)
        if list(self._cards) != [device["device_id"] for device in devices]:
            self._place.clear()
            with self._place:
                self._cards = {
                    device["device_id"]: _Window(self._visit) for device in devices
                }
        for device in devices:
            self._cards[device["device_id"]].show(device)


class _Window:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shown: Mapping[str, Any] = {}
        self._card = ui.element("section").classes("console-card")

    def show(self, device: Mapping[str, Any]) -> None:
        if device == self._shown:
            return
        self._shown, visit, words = device, self._visit, self._visit.words
        self._card.clear()
        self._card.classes(
            replace="console-card" + ("" if _is_well(device) else " console-needs")
        )
        with self._card:
            window = visit.names.named("window", device["window"])
            heading(window.name if window else words("no_window"))
            badges(visit, device)
            reasons(visit, device)
            ui.label(words("last_press", at=self._ago(device["last_rating_at"])))
            ui.label(words("last_seen", at=self._ago(device["last_seen_at"])))
            told = [
                words(f"has_{name}", value=round(device[name]))
                for name in ("battery_pct", "rssi_dbm")
                if device[name] is not None
            ]
            ui.label(" · ".join(told)).classes("console-quiet console-number")
            with ui.element("div").classes("console-choices-left"):
                way = f"/devices/{quote(device['device_id'], safe='')}"
                ui.link(device["device_id"], way)
                if window and window.name != window.id:
                    ui.label(window.id).classes("console-quiet")

    def _ago(self, at: str | None) -> str:
        if at is None:
            return self._visit.words("never")
        seconds = self._visit.now_ms() / 1000 - datetime.fromisoformat(at).timestamp()
        return self._visit.words(
            "ago", time=duration(max(0.0, seconds), self._visit.words)
        )


def _is_well(device: Mapping[str, Any]) -> bool:
    return device["presence"] in WELL and device["health"] == "ok"


def _natural(window: str | None) -> tuple[str, int]:
    """Windows by their number: w2 before w10."""
    text = window or "\uffff"
    head = text.rstrip("0123456789")
    tail = text[len(head) :]
    return head, int(tail[:9]) if tail.isascii() and tail else 0


async def build_one(visit: Visit) -> None:
    words, site, causes = visit.words, visit.params["site"], Causes(visit.words)
    await visit.names.learn("sites", [site])
    name = visit.names.of("sites", site)
    with ui.element("div").classes("console-choices-left"):
        ui.label(name).classes("console-heading")
        if name != site:
            ui.label(site).classes("console-quiet")
    hall = Hall(visit)
    await visit.every(_REFRESH_S, hall.look)
    with section(words("alerts")):
        Listing(
            visit,
            "/alerts",
            [
                causes.column(words("what")),
                Column(
                    "severity",
                    words("severity"),
                    words={
                        it: words(f"severity_{it}")
                        for it in ("info", "warning", "critical")
                    },
                ),
                Column("opened_at", words("since"), "time"),
                causes.advice(words("advice")),
            ],
            label=words("alerts"),
            empty=words("no_alerts"),
            params={"site": site, "state": "open"},
        )


HALLS: Final = Page("halls", "/halls", build_all, icon="store")
HALL: Final = Page("hall", "/halls/{site}", build_one, under="halls")
