"""What a terminal is asked to do: what it knows, what it got, what came of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from nicegui import ui

from fleet.commands.catalogue import COMMANDS
from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.halls.parameters import Fields, written
from gateway.console.pages.halls.states import takes_orders
from gateway.console.pages.rated.telling import Line, section
from gateway.console.pages.visit import Visit

_LISTED: Final = 8
_SURE: Final = frozenset({"reboot", "set_mode"})
"""Commands that somebody in front of the terminal would notice."""

_COLOURS: Final = {
    "done": "good",
    "failed": "bad",
    "refused": "bad",
    "expired": "fair",
    "unknown_outcome": "fair",
}


class Commands:
    """A form with what the terminal knows, and its last commands with their way."""

    def __init__(self, visit: Visit, path: str) -> None:
        self._visit, self._path = visit, path
        self._rows: dict[str, _Row] = {}
        self._known: object = ()
        with section(visit.words("commands"), "w-6"):
            self._form = ui.element("div")
            self._none = ui.label(visit.words("no_commands")).classes("console-quiet")
            self._list = ui.element("div")

    async def show(self, device: Mapping[str, Any]) -> None:
        """Offer what the terminal knows, while it is in service."""
        if not self._visit.may("operate"):
            return
        known: list[str] | None = []
        if takes_orders(device):
            told = await self._visit.api.get(f"{self._path}/capabilities")
            known = told["commands"]
        if known == self._known:
            return
        self._known = known
        self._form.clear()
        names = list(COMMANDS) if known is None else known
        with self._form:
            if names:
                _Form(self._visit, self._path, names, self.look)
            if known is None:
                ui.label(self._visit.words("any_command")).classes("console-quiet")

    async def look(self) -> None:
        """The newest commands; those that changed are drawn anew."""
        found = await self._visit.api.get(f"{self._path}/commands", limit=_LISTED)
        items: list[dict[str, Any]] = found["items"]
        self._none.set_visibility(not items)
        if list(self._rows) != [item["command_id"] for item in items]:
            opened = {row.name for row in self._rows.values() if row.is_open}
            self._list.clear()
            with self._list:
                self._rows = {
                    item["command_id"]: _Row(
                        self._visit,
                        item["command_id"],
                        is_open=item["command_id"] in opened,
                    )
                    for item in items
                }
        for item in items:
            await self._rows[item["command_id"]].show(item)


class _Form:
    """A command and the fields of its parameters."""

    def __init__(
        self,
        visit: Visit,
        path: str,
        names: list[str],
        again: Callable[[], Any],
    ) -> None:
        self._visit, self._path, self._again = visit, path, again
        words = visit.words
        labels = {name: words.known("command", name) for name in names}
        with ui.element("div").classes("console-filters"):
            self._select = ui.select(labels, value=names[0], label=words("command"))
            self._select.props("dense outlined options-dense")
            self._fields = Fields(words)
            ui.button(words("send"), on_click=self._send).props("outline no-caps")
        self._fields.draw(self._name)
        self._select.on_value_change(lambda: self._fields.draw(self._name))

    @property
    def _name(self) -> str:
        return str(self._select.value)

    async def _send(self) -> None:
        visit, name = self._visit, self._name
        try:
            parameters = self._fields.given()
        except msgspec.DecodeError:
            ui.notify(visit.words("not_json"), type="negative")
            return
        if name in _SURE:
            sure = visit.words("command_why", name=visit.words.known("command", name))
            if not await confirmed(visit, sure, device=visit.params["device_id"]):
                return
        body = {"command": name, "parameters": parameters}
        asking = visit.api.post(f"{self._path}/commands", body)
        if await visit.act(asking, visit.words("asked_for")):
            await self._again()


class _Row:
    """One command; its way is asked for when somebody wants to see it."""

    def __init__(self, visit: Visit, name: str, *, is_open: bool) -> None:
        self._visit, self.name, self.is_open = visit, name, is_open
        self._shown: Mapping[str, Any] = {}
        with ui.element("div").classes("console-command"):
            self._head = ui.element("div").classes("console-command-head")
            self._told = ui.element("div")

    async def show(self, item: Mapping[str, Any]) -> None:
        if item == self._shown:
            return
        self._shown = item
        self._head.clear()
        with self._head:
            self._summary(item)
        await self._tell()

    def _summary(self, item: Mapping[str, Any]) -> None:
        words, time = self._visit.words, self._visit.time
        state = item["state"]
        ui.label(words(f"outcome_{state}")).classes(
            f"console-state {_COLOURS.get(state, '')}"
        )
        name = words.known("command", item["command"])
        ui.label(name).classes("console-here")
        ui.label(words("list_joint").join(self._given(item["parameters"])))
        by = item["asked_by"] or words("nobody_known")
        at = time(item["asked_at"], "%m-%d %H:%M:%S")
        ui.label(f"{at} · {by}").classes("console-quiet console-number")
        label = words("hide_way" if self.is_open else "show_way")
        button = ui.button(label, on_click=self._turn)
        button.props("flat dense no-caps").props["aria-expanded"] = str(
            self.is_open
        ).lower()
        button.props["aria-label"] = f"{label}: {name} {at}"
        for key in ("result", "error"):
            if item[key] is not None:
                ui.label(words(f"reply_{key}", text=written(item[key]))).classes(
                    "console-reply"
                )

    def _given(self, parameters: Mapping[str, Any]) -> list[str]:
        words = self._visit.words
        return [
            f"{words.known('parameter', key)} {words.known(key, written(value))}"
            for key, value in parameters.items()
        ]

    async def _turn(self) -> None:
        self.is_open = not self.is_open
        shown, self._shown = self._shown, {}
        await self.show(shown)

    async def _tell(self) -> None:
        self._told.clear()
        if not self.is_open:
            return
        try:
            found = await self._visit.api.get(f"/commands/{quote(self.name, safe='')}")
        except Refusal as refusal:
            self._visit.refused(refusal)
            return
        words = self._visit.words
        with self._told:
            line = Line(self._visit, "%Y-%m-%d %H:%M:%S")
            for step in found["history"]:
                parts = [step["by"], step["detail"]]
                if step["late"]:
                    parts.append(words("late"))
                line.add(
                    words.known("step", step["what"]),
                    step["at"],
                    " · ".join(part for part in parts if part),
                    _COLOURS.get(step["state"], ""),
                )
            if found["is_open"]:
                until = self._visit.time(found["expires_at"])
                ui.label(words("expires", at=until)).classes("console-quiet")
