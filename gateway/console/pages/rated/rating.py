"""One rating: its whole way, why it counts as it does, what may be done about it."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import asked, confirmed
from gateway.console.pages.page import Page
from gateway.console.pages.rated.explaining import evidence, explanation
from gateway.console.pages.rated.telling import PLACES, Line, clocks, facts, section
from gateway.console.pages.visit import Visit

_OUTCOMES: Final = ("kept", "voided")
_DELIVERED: Final = {"delivered": "good", "owed": "fair", "dead": "bad"}


class OneRating:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._path = f"/ratings/{quote(visit.params['rating_id'], safe='')}"
        self._place = ui.element("div").classes("console-grid")

    async def look(self) -> None:
        visit = self._visit
        try:
            found = await visit.api.get(self._path)
            reasons = await visit.api.get(f"{self._path}/explanation")
        except Refusal as refusal:
            visit.refused(refusal)
            with self._place:
                ui.label(visit.why(refusal))
            return
        await visit.names.learn_of([found, reasons["session"] or {}])
        self._place.clear()
        with self._place:
            self._facts(found)
            self._way(found)
            with section(visit.words("why"), "w-6"):
                explanation(visit, reasons)
                clocks(visit, reasons)
            self._versions(found)
            self._acts(found)

    def _facts(self, found: Mapping[str, Any]) -> None:
        visit, words = self._visit, self._visit.words
        with section(found["rating_id"], "w-6"):
            with ui.element("div").classes("console-choices-left"):
                level = found["level"]
                ui.label(str(level)).classes(f"console-level l{level}")
                ui.label(words.known("level", str(level)))
                state = "counts" if found["effective"] else "counts_not"
                kind = "good" if found["effective"] else ""
                ui.label(words(state)).classes(f"console-state {kind}")
            facts(
                [
                    (words("occurred_at"), visit.time(found["occurred_at"])),
                    (words("time_quality"), words.known("time", found["time_quality"])),
                    *(
                        (words(name), visit.names.named(field, found[field]))
                        for name, field in PLACES.items()
                    ),
                    (words("device"), found["device_id"]),
                    (words("session"), found["session_id"]),
                    (words("origin"), words.known("origin", found["origin"])),
                    (
                        words("flags"),
                        [words.known("flag", name) for name in found["flags"]],
                    ),
                    (words("voided"), _told(found["void"], "reason", "by")),
                    (words("disputed"), _told(found["dispute"], "reason", "by")),
                ]
            )
            for flag, given in found["evidence"].items():
                if told := evidence(visit, given):
                    name = words.known("flag", flag)
                    ui.label(visit.words("telling", name=name, told=told)).classes(
                        "console-quiet"
                    )
            if found["session_key"]:
                ui.link(
                    words("its_session"), f"/sessions/{quote(found['session_key'])}"
                )

    def _way(self, found: Mapping[str, Any]) -> None:
        words, trace = self._visit.words, found["trace"]
        with section(words("way"), "w-6"):
            line = Line(self._visit)
            line.add(words("pressed"), found["claimed_at"] or found["occurred_at"])
            line.add(words("received"), found["received_at"])
            line.add(words("kept"), None, words("at_place", place=trace["place"]))
            fate = words.known("fate", trace["decision"]["fate"])
            line.add(words("decided"), None, fate, "good")
            if trace["point"] is not None:
                line.add(words("as_point"), None, trace["point"]["tags"])
            for delivery in trace["deliveries"]:
                state = words.known("delivery", delivery["state"])
                kind = _DELIVERED.get(delivery["state"], "")
                more = words("telling", name=delivery["event"], told=state)
                line.add(delivery["sink"], delivery.get("delivered_at"), more, kind)

    def _versions(self, found: Mapping[str, Any]) -> None:
        if len(found["history"]) < 2:  # noqa: PLR2004 -- itself
            return
        words = self._visit.words
        with section(words("versions"), "w-6"):
            line = Line(self._visit)
            for one in found["history"]:
                kind = "good" if one["effective"] else ""
                title = words("version_no", version=one["version"], level=one["level"])
                line.add(title, one["occurred_at"], one["rating_id"], kind)

    # ----- acts

    def _acts(self, found: Mapping[str, Any]) -> None:
        visit, words = self._visit, self._visit.words
        disputed = found["dispute"] is not None
        acts = [
            ("void", self._void, visit.may("audit") and found["void"] is None),
            ("dispute", self._dispute, visit.may("operate") and not disputed),
            ("decide", self._decide, visit.may("audit") and disputed),
            ("contact", self._contact, visit.may("contact")),
            ("erase", self._erase, visit.may("admin")),
        ]
        offered = [(name, do) for name, do, may in acts if may]
        if not offered:
            return
        with section(words("acts"), "w-6"):
            with ui.element("div").classes("console-filters"):
                for name, do in offered:
                    ui.button(words(name), on_click=do).props("outline no-caps")
            self._personal = ui.element("div")

    async def _void(self) -> None:
        await self._do("void", await self._reason("void_why"))

    async def _dispute(self) -> None:
        await self._do("dispute", await self._reason("dispute_why"))

    async def _decide(self) -> None:
        words = self._visit.words
        outcomes = {name: words(f"outcome_{name}") for name in _OUTCOMES}
        told = await asked(
            self._visit, words("decide_why"), reason=True, choices=outcomes
        )
        body = None
        if told is not None:
            body = {"outcome": told["choice"], "reason": told["reason"]}
        await self._do("decide", body)

    async def _erase(self) -> None:
        if await confirmed(self._visit, self._visit.words("erase_why")):
            await self._do("erase", {})

    async def _contact(self) -> None:
        visit = self._visit
        if not await confirmed(visit, visit.words("contact_why")):
            return
        try:
            found = await visit.api.get(f"{self._path}/contact")
        except Refusal as refusal:
            visit.refused(refusal)
            return
        self._personal.clear()
        with self._personal:
            contact = found["contact"] or {}
            facts(
                [
                    (visit.words("comment"), found["comment"]),
                    (visit.words("contact"), " ".join(map(str, contact.values()))),
                    (
                        visit.words("erased"),
                        visit.words("yes") if found["erased"] else "",
                    ),
                ]
            )
            if not (found["comment"] or contact or found["erased"]):
                ui.label(visit.words("nothing_personal")).classes("console-quiet")

    async def _reason(self, question: str) -> dict[str, str] | None:
        return await asked(self._visit, self._visit.words(question), reason=True)

    async def _do(self, what: str, body: dict[str, str] | None) -> None:
        if body is None:
            return
        if await self._visit.act(self._visit.api.post(f"{self._path}/{what}", body)):
            await self.look()


def _told(found: Mapping[str, Any] | None, *keys: str) -> str | None:
    if found is None:
        return None
    return " · ".join(str(found[key]) for key in keys if found.get(key))


async def build(visit: Visit) -> None:
    await OneRating(visit).look()


PAGE: Final = Page("rating", "/ratings/{rating_id}", build, under="ratings")
