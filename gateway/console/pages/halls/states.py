"""How terminals stand: words, colours, and the sentence that says why."""

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from fleet.registry import ACCEPTING, is_reserved
from gateway.console.pages.causes import Causes
from gateway.console.pages.visit import Visit

PRESENCES: Final = (
    "unseen",
    "online",
    "stale",
    "offline",
    "standby",
    "maintenance",
    "retired",
)
WELL: Final = frozenset({"online", "standby"})
"""Presences that need no hands."""

HEALTHS: Final = ("ok", "degraded", "failed")
LIFECYCLES: Final = ("pending", "active", "maintenance", "retired", "refused")
PRESENCE_COLOURS: Final = {"online": "good", "stale": "fair", "offline": "bad"}
HEALTH_COLOURS: Final = {"ok": "good", "degraded": "fair", "failed": "bad"}
LIFECYCLE_COLOURS: Final = {"pending": "fair", "active": "good", "maintenance": "fair"}


def takes_orders(device: Mapping[str, Any]) -> bool:
    """Whether it is a terminal in service: others are not asked for anything."""
    return device["lifecycle"] in ACCEPTING and not is_reserved(device["device_id"])


def words_of(visit: Visit, kind: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: visit.words(f"{kind}_{name}") for name in names}


def badges(visit: Visit, device: Mapping[str, Any]) -> None:
    """Presence and health, as words on a colour."""
    presence, health = device["presence"], device["health"]
    with ui.element("div").classes("console-choices-left"):
        colour = PRESENCE_COLOURS.get(presence, "")
        name = visit.words.known("presence", presence)
        ui.label(name).classes(f"console-state {colour}")
        if health != "ok":
            colour = HEALTH_COLOURS.get(health, "")
            name = visit.words.known("health", health)
            ui.label(name).classes(f"console-state {colour}")


def reasons(visit: Visit, device: Mapping[str, Any]) -> None:
    """One sentence a reason, and since when; the record's own on hover."""
    causes = Causes(visit.words)
    with ui.element("div").classes("console-why"):
        for reason in device["reasons"]:
            since = visit.time(reason["since"], "%m-%d %H:%M")
            told = causes.sentence(reason["code"], reason["text"], reason["figures"])
            label = ui.label(visit.words("because", text=told, since=since))
            label.props["title"] = reason["text"]
