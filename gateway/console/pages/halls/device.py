"""One terminal: how it is and why, what it did, and what may be done with it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.naming import Named
from gateway.console.pages.causes import Causes
from gateway.console.pages.halls.acts import Acts
from gateway.console.pages.halls.commands import Commands
from gateway.console.pages.halls.keys import Keys
from gateway.console.pages.halls.settings import Settings
from gateway.console.pages.halls.states import WELL, badges, reasons
from gateway.console.pages.page import Page
from gateway.console.pages.panels.figures import Hours
from gateway.console.pages.rated.telling import Line, facts, section
from gateway.console.pages.visit import Visit

_REFRESH_S: Final = 5.0
_TEST_S: Final = 1.0
_ASKED_S: Final = 2.0
_LOOK_BACK_S: Final = 60.0
_HAPPENED: Final = 16
_COLOURS: Final = {"service": "good", "maintenance": "fair"}
"""Of what lasts still; anything else that does is bad."""

_MESSAGES: Final = 10
_SHOWN_CHARS: Final = 300


class OneDevice:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._path = f"/devices/{quote(visit.params['device_id'], safe='')}"
        self._shown: Mapping[str, Any] = {}
        self._causes = Causes(visit.words)
        self._places: dict[str, Named | None] = {}
        with ui.element("div").classes("console-grid"):
            with ui.element("section").classes("console-card w-6"):
                self._state = ui.element("div")
                self._acts = Acts(visit, self._path, self.look_again)
            self.keys = Keys(visit, self._path)
            self._settings = Settings(visit, self._path)
            self._commands = Commands(visit, self._path)
            with section(visit.words("hours"), "w-6"):
                self._hours = Hours(visit.words("hours"))
            with section(visit.words("history"), "w-6"):
                self._line = ui.element("div")
            with section(visit.words("tail")):
                self._tail = ui.element("div")

    async def look(self) -> None:
        """How it stands now."""
        device = await self._visit.api.get(self._path)
        await self._acts.show(device)
        await self._commands.show(device)
        self._settings.show(device)
        if device["key_counts"] != self._shown.get("key_counts"):
            self.keys.show(device["key_counts"])
        if device == self._shown:
            return
        await self._name(device)
        self._shown, words = device, self._visit.words
        self._state.clear()
        with self._state:
            ui.label(device["device_id"]).classes("console-heading")
            badges(self._visit, device)
            reasons(self._visit, device)
            if not device["reasons"] and device["presence"] in WELL:
                ui.label(words("nothing_wrong")).classes("console-quiet")
            facts(self._facts(device))

    async def look_asked(self) -> None:
        """What it was asked, and what came of that."""
        await self._commands.look()
        await self._settings.look()

    async def look_again(self) -> None:
        """Something was done with it."""
        await self.look()
        await self.keys.look()
        await self.look_asked()

    async def look_back(self) -> None:
        """What it did: seldom, as it is much."""
        visit = self._visit
        hours = await visit.api.get(f"{self._path}/hours")
        self._hours.show(hours["items"], visit.words("ratings"), visit.words("usual"))
        history = await visit.api.get(f"{self._path}/history")
        self._show_history(history)
        found = await visit.api.get(f"{self._path}/messages", limit=_MESSAGES)
        self._show_tail(found["items"])

    async def _name(self, device: Mapping[str, Any]) -> None:
        """Where it stands, by name and id."""
        names = self._visit.names
        await names.learn_of([device])
        self._places = {it: names.named(it, device[it]) for it in ("site", "window")}

    def _facts(self, device: Mapping[str, Any]) -> list[tuple[str, object]]:
        words, time = self._visit.words, self._visit.time
        battery, signal = device["battery_pct"], device["rssi_dbm"]
        return [
            (words("lifecycle"), words.known("lifecycle", device["lifecycle"])),
            (words("site"), self._places["site"]),
            (words("window"), self._places["window"]),
            (words("model"), device["model"]),
            (words("serial"), device["hw_serial"]),
            (words("firmware"), device["firmware"]),
            (words("last_rating"), time(device["last_rating_at"])),
            (words("last_seen_at"), time(device["last_seen_at"])),
            (words("battery"), None if battery is None else f"{battery} %"),
            (words("signal"), None if signal is None else f"{signal:g} dBm"),
            (words("missing"), device["missing"] or None),
            (words("next_inspection"), _or_none(time, device["next_inspection_at"])),
        ]

    def _show_history(self, history: Mapping[str, Any]) -> None:
        words = self._visit.words
        self._line.clear()
        with self._line:
            if not history["spans"] and not history["findings"]:
                ui.label(words("no_history")).classes("console-quiet")
            spans = [(it["since"], it["until"], it) for it in history["spans"]]
            findings = [
                (it["raised_at"], it["cleared_at"], it) for it in history["findings"]
            ]
            happened = sorted(spans + findings, key=_when, reverse=True)
            line = Line(self._visit, "%Y-%m-%d %H:%M:%S")
            for since, until, one in happened[:_HAPPENED]:
                self._add(line, since, until, one)

    def _add(
        self, line: Line, since: str, until: str | None, one: Mapping[str, Any]
    ) -> None:
        words, kind = self._visit.words, one.get("kind")
        if kind is not None:
            title, recorded, over = words.known("span", kind), "", "until"
        else:
            code, recorded, over = one["code"], one["text"], "over"
            title = self._causes.sentence(code, recorded, {})
        more = words(over, at=self._visit.time(until)) if until else ""
        colour = "" if until else _COLOURS.get(kind or "", "bad")
        line.add(title, since, more, colour, recorded)

    def _show_tail(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self._tail.clear()
        with self._tail:
            if not messages:
                ui.label(self._visit.words("no_messages")).classes("console-quiet")
            for one in messages:
                at = self._visit.time(one["received_at"])
                channel = self._visit.words.known("channel", one["channel"])
                ui.label(f"{at} · {channel}").classes("console-number")
                ui.label(_text(one["payload_base64"])).classes("console-payload")


def _when(happened: tuple[str, str | None, Mapping[str, Any]]) -> datetime:
    return datetime.fromisoformat(happened[0])


def _text(payload: str | None) -> str:
    if payload is None:
        return "\N{EN DASH}"
    return base64.b64decode(payload).decode("utf-8", "backslashreplace")[:_SHOWN_CHARS]


def _or_none(time: Any, at: str | None) -> str | None:  # noqa: ANN401 -- a method
    return None if at is None else time(at)


async def build(visit: Visit) -> None:
    device = OneDevice(visit)
    await visit.every(_REFRESH_S, device.look)
    await visit.every(_TEST_S, device.keys.look)
    await visit.every(_ASKED_S, device.look_asked)
    await visit.every(_LOOK_BACK_S, device.look_back)


PAGE: Final = Page("device", "/devices/{device_id}", build, under="devices")
