"""A terminal's keys: how often each was pressed, and the test that proves them."""

from collections.abc import Sequence

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.numbers import count
from gateway.console.pages.rated.telling import section
from gateway.console.pages.visit import Visit


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
