"""One terminal: how it is and why, what it did, and what may be done with it."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import asked, confirmed
from gateway.console.pages.halls.states import WELL, badges, reasons
from gateway.console.pages.numbers import count
from gateway.console.pages.page import Page
from gateway.console.pages.panels.figures import Hours
from gateway.console.pages.rated.telling import Line, facts, section
from gateway.console.pages.visit import Visit

_REFRESH_S: Final = 5.0
_TEST_S: Final = 1.0
_LOOK_BACK_S: Final = 60.0
_SPANS: Final = 12
_MESSAGES: Final = 10
_SHOWN_CHARS: Final = 300
_HOURS: Final = (1, 4, 8, 24, 72)


class OneDevice:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._path = f"/devices/{quote(visit.params['device_id'], safe='')}"
        self._shown: Mapping[str, Any] = {}
        with ui.element("div").classes("console-grid"):
            self._state = ui.element("section").classes("console-card w-6")
            self.keys = Keys(visit, self._path)
            self._acts()
            with section(visit.words("hours"), "w-6"):
                self._hours = Hours(visit.words("hours"))
            with section(visit.words("history"), "w-6"):
                self._line = ui.element("div")
            with section(visit.words("tail"), "w-6"):
                self._tail = ui.element("div")

    async def look(self) -> None:
        """How it stands now."""
        device = await self._visit.api.get(self._path)
        self.keys.show(device["key_counts"])
        if device == self._shown:
            return
        self._shown, words = device, self._visit.words
        self._state.clear()
        with self._state:
            ui.label(device["device_id"]).classes("console-heading")
            badges(self._visit, device)
            reasons(self._visit, device)
            if not device["reasons"] and device["presence"] in WELL:
                ui.label(words("nothing_wrong")).classes("console-quiet")
            facts(self._facts(device))

    async def look_back(self) -> None:
        """What it did: seldom, as it is much."""
        visit = self._visit
        hours = await visit.api.get(f"{self._path}/hours")
        self._hours.show(hours["items"], visit.words("ratings"), visit.words("usual"))
        history = await visit.api.get(f"{self._path}/history")
        self._show_history(history)
        found = await visit.api.get(f"{self._path}/messages", limit=_MESSAGES)
        self._show_tail(found["items"])

    def _facts(self, device: Mapping[str, Any]) -> list[tuple[str, object]]:
        words, time = self._visit.words, self._visit.time
        battery, signal = device["battery_pct"], device["rssi_dbm"]
        return [
            (words("lifecycle"), words.known("lifecycle", device["lifecycle"])),
            (words("site"), device["site"]),
            (words("window"), device["window"]),
            (words("model"), device["model"]),
            (words("serial"), device["hw_serial"]),
            (words("firmware"), device["firmware"]),
            (words("last_rating"), time(device["last_rating_at"])),
            (words("last_seen_at"), time(device["last_seen_at"])),
            (words("battery"), None if battery is None else f"{battery} %"),
            (words("signal"), None if signal is None else f"{signal} dBm"),
            (words("missing"), device["missing"] or None),
            (words("next_inspection"), _or_none(time, device["next_inspection_at"])),
        ]

    def _show_history(self, history: Mapping[str, Any]) -> None:
        words = self._visit.words
        self._line.clear()
        with self._line:
            if not history["spans"] and not history["findings"]:
                ui.label(words("no_history")).classes("console-quiet")
            line = Line(self._visit)
            for span in history["spans"][:_SPANS]:
                line.add(words.known("span", span["kind"]), span["since"])
            for finding in history["findings"][:_SPANS]:
                over = finding["cleared_at"]
                more = words("over", at=self._visit.time(over)) if over else ""
                kind = "" if over else "bad"
                line.add(finding["text"], finding["raised_at"], more, kind)

    def _show_tail(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self._tail.clear()
        with self._tail:
            if not messages:
                ui.label(self._visit.words("no_messages")).classes("console-quiet")
            for one in messages:
                at = self._visit.time(one["received_at"])
                ui.label(f"{at} · {one['channel']}").classes("console-number")
                ui.label(_text(one["payload_base64"])).classes("console-payload")

    # ----- acts

    def _acts(self) -> None:
        visit, words = self._visit, self._visit.words
        if not visit.may("operate"):
            return
        acts = (
            ("approve", self._approve),
            ("press_test", self._press_test),
            ("maintenance", self._maintain),
            ("retire", self._retire),
        )
        with (
            section(words("acts"), "w-6"),
            ui.element("div").classes("console-filters"),
        ):
            for name, do in acts:
                ui.button(words(name), on_click=do).props("outline no-caps")

    async def _approve(self) -> None:
        await self._do("approve", {})

    async def _press_test(self) -> None:
        await self._do("press-test", {})
        await self.keys.look()

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
        await self._visit.act(self._visit.api.post("/maintenance-windows", body))

    async def _retire(self) -> None:
        device = self._visit.params["device_id"]
        if await confirmed(self._visit, self._visit.words("retire_why"), device=device):
            await self._do("retire", {})

    async def _do(self, verb: str, body: dict[str, object]) -> None:
        if await self._visit.act(self._visit.api.post(f"{self._path}/{verb}", body)):
            await self.look()


class Keys:
    """Each key with its presses; a running press test confirms them one by one."""

    def __init__(self, visit: Visit, path: str) -> None:
        self._visit, self._path = visit, path
        with section(visit.words("keys"), "w-6"):
            self._place = ui.element("div").classes("console-cards")
            self._test = ui.element("div")

    def show(self, counts: Sequence[int]) -> None:
        words = self._visit.words
        self._place.clear()
        with self._place:
            if not counts:
                ui.label(words("no_keys")).classes("console-quiet")
            for at, presses in enumerate(counts):
                dead = not presses and any(counts)
                with ui.element("div").classes(
                    "console-card" + (" console-needs" if dead else "")
                ):
                    ui.label(words("key", number=at + 1)).classes("console-quiet")
                    ui.label(count(presses)).classes("console-figure")
                    if dead:
                        ui.label(words("key_silent"))

    async def look(self) -> None:
        """The last press test, if there was one."""
        try:
            test = await self._visit.api.get(f"{self._path}/press-test")
        except Refusal:
            return  # there was none
        words = self._visit.words
        self._test.clear()
        with self._test:
            at = self._visit.time(test["started_at"])
            state = words.known("test", test["state"])
            ui.label(words("test", at=at, state=state)).props("role=status")
            with ui.element("div").classes("console-choices-left"):
                for key in test["keys"]:
                    name = str(key["key"] if key["key"] is not None else key["level"])
                    mark = words("key_done" if key["confirmed"] else "key_awaited")
                    kind = "good" if key["confirmed"] else ""
                    ui.label(f"{name} {mark}").classes(f"console-state {kind}")


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
    await visit.every(_LOOK_BACK_S, device.look_back)


PAGE: Final = Page("device", "/devices/{device_id}", build, under="devices")
