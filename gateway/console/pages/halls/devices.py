"""Terminals: found by how they stand."""

from typing import Final

from nicegui import ui

from gateway.console.pages.filters import Filters
from gateway.console.pages.halls.states import (
    HEALTH_COLOURS,
    HEALTHS,
    LIFECYCLE_COLOURS,
    LIFECYCLES,
    PRESENCE_COLOURS,
    PRESENCES,
    words_of,
)
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.visit import Visit

_PENDING: Final = {"lifecycle": ("pending",)}


async def build(visit: Visit) -> None:
    words = visit.words
    presences = words_of(visit, "presence", PRESENCES)
    healths = words_of(visit, "health", HEALTHS)
    lifecycles = words_of(visit, "lifecycle", LIFECYCLES)
    filters = Filters(
        visit,
        ("site",),
        {"presence": presences, "lifecycle": lifecycles},
        with_period=False,
    )
    ui.link(words("export"), "/api/v1/devices/export")
    found = Listing(
        visit,
        "/devices",
        [
            Column("device_id", words("device"), href="/devices/{device_id}"),
            Column(
                "presence", words("presence"), "state", "", presences, PRESENCE_COLOURS
            ),
            Column("health", words("health"), "state", "", healths, HEALTH_COLOURS),
            Column(
                "lifecycle",
                words("lifecycle"),
                "state",
                words=lifecycles,
                colours=LIFECYCLE_COLOURS,
            ),
            Column("site", words("site"), href="/halls/{site}", names="sites"),
            Column("window", words("window"), names="windows"),
            Column("last_rating_at", words("last_rating"), "time"),
            Column("last_seen_at", words("last_seen_at"), "time"),
            Column("battery_pct", words("battery"), "number"),
            Column("rssi_dbm", words("signal"), "number"),
            Column("model", words("model")),
            Column("firmware", words("firmware")),
            Column("next_inspection_at", words("next_inspection"), "time"),
        ],
        label=words("page_devices"),
        empty=words("no_devices"),
        acts=_acts(visit) if visit.may("operate") else (),
        params=filters.params,
    )
    filters.then(found.filter)


def _acts(visit: Visit) -> list[Act]:
    def act(verb: str) -> Act:
        async def do(item: dict[str, object]) -> None:
            path = f"/devices/{item['device_id']}/{verb}"
            await visit.act(visit.api.post(path, {}))

        return Act(verb, visit.words(verb), do, _PENDING)

    return [act("approve"), act("refuse")]


PAGE: Final = Page("devices", "/devices", build, icon="tablet_android")
