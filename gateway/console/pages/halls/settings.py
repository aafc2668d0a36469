"""The settings wanted of a terminal, beside those that it says it has."""

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.halls.parameters import value_of, written
from gateway.console.pages.halls.states import takes_orders
from gateway.console.pages.rated.telling import facts, section
from gateway.console.pages.visit import Visit

_COLOURS: Final = {"applied": "good", "pending": "fair", "drifted": "bad"}
_KEY_CHARS_MAX: Final = 100
_VALUE_CHARS_MAX: Final = 1_000


class Settings:
    """Wanted as a whole under a revision: to change one is to put all anew."""

    def __init__(self, visit: Visit, path: str) -> None:
        self._visit, self._path = visit, f"{path}/settings"
        self._shown: Mapping[str, Any] = {}
        self._changes = False
        with section(visit.words("settings"), "w-6"):
            self._told = ui.element("div")
            self._form = ui.element("div").classes("console-filters console-below")
            self._form.set_visibility(False)
            if visit.may("operate"):
                with self._form:
                    self._fields()

    def show(self, device: Mapping[str, Any]) -> None:
        """Offer to change them while the terminal is in service."""
        changes = self._visit.may("operate") and takes_orders(device)
        self._form.set_visibility(changes)
        if changes is not self._changes:
            self._changes, self._shown = changes, {}

    async def look(self) -> None:
        """How it stands to what is wanted of it."""
        item = await self._visit.api.get(self._path)
        if item == self._shown:
            return
        self._shown = item
        words = self._visit.words
        self._told.clear()
        with self._told:
            state = item["state"]
            with ui.element("div").classes("console-choices-left"):
                ui.label(words(f"settings_{state}")).classes(
                    f"console-state {_COLOURS.get(state, '')}"
                )
                ui.label(words(f"settings_means_{state}")).classes("console-quiet")
            facts(self._facts(item))
            if item["desired"]:
                self._table(item["desired"])
            if self._changes and item["desired"] is not None:
                ui.button(words("take_back"), on_click=self._take_back).props(
                    "outline no-caps"
                ).classes("console-below")

    def _facts(self, item: Mapping[str, Any]) -> list[tuple[str, object]]:
        words = self._visit.words
        reported = item["reported_revision"]
        told = words("not_told") if reported is None else str(reported)
        set_at = item["set_at"]
        by = item["set_by"] or words("nobody_known")
        return [
            (words("wanted_revision"), item["revision"]),
            (words("reported_revision"), told),
            (
                words("set_by"),
                None if set_at is None else f"{by} · {self._visit.time(set_at)}",
            ),
        ]

    def _table(self, desired: Mapping[str, Any]) -> None:
        words = self._visit.words
        with (
            ui.element("table").classes("console-table"),
            ui.element("tbody"),
        ):
            for key, value in sorted(desired.items()):
                with ui.element("tr"):
                    with ui.element("th").props("scope=row"):
                        ui.label(key)
                    with ui.element("td"):
                        ui.label(written(value)).classes("console-number")
                    if not self._changes:
                        continue
                    with ui.element("td"):
                        button = ui.button(
                            words("drop"), on_click=lambda _, key=key: self._drop(key)
                        )
                        button.props("flat dense no-caps")
                        button.props["aria-label"] = f"{words('drop')} {key}"

    # ----- acts

    def _fields(self) -> None:
        words = self._visit.words
        self._key = ui.input(words("setting"))
        self._key.props(f"dense outlined maxlength={_KEY_CHARS_MAX}")
        self._value = ui.input(words("value"))
        self._value.props(f"dense outlined maxlength={_VALUE_CHARS_MAX}")
        ui.button(words("set"), on_click=self._set).props("outline no-caps")

    async def _set(self) -> None:
        key, text = str(self._key.value or "").strip(), str(self._value.value or "")
        if not key or not text.strip():
            ui.notify(self._visit.words("name_and_value"), type="negative")
            return
        wanted = {**(self._shown.get("desired") or {}), key: value_of(text.strip())}
        if await self._put(wanted):
            self._key.set_value("")
            self._value.set_value("")

    async def _drop(self, key: str) -> None:
        wanted = dict(self._shown["desired"])
        wanted.pop(key, None)
        await self._put(wanted)

    async def _take_back(self) -> None:
        device, words = self._visit.params["device_id"], self._visit.words
        if await confirmed(self._visit, words("take_back_why"), device=device):
            await self._put(None)

    async def _put(self, wanted: dict[str, Any] | None) -> bool:
        """Want these, unless somebody changed them since they were shown here."""
        visit = self._visit
        shown = f'"{self._shown.get("revision") or 0}"'
        put = visit.api.put(self._path, {"desired": wanted}, if_match=shown)
        done = await visit.act(put)
        await self.look()
        return done
