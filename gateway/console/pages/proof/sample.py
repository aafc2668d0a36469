"""One sample: what was drawn, and what an inspector finds of each member."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import asked
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.names import TABLES
from gateway.console.pages.numbers import NOTHING, count, percentage
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import figure, ways
from gateway.console.pages.proof.ways import SAMPLES, proof_ways
from gateway.console.pages.rated.telling import facts, section
from gateway.console.pages.visit import Visit

_VERDICTS: Final = ("matches", "differs", "exempt")
_STATES: Final = ("open", *_VERDICTS)
_COLOURS: Final = {"matches": "good", "differs": "bad", "open": "fair"}


class OneSample:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        state = visit.query.get("state", "")
        self._state = state if state in _STATES else ""
        self._sample_id = quote(visit.params["sample_id"], safe="")
        self._path = f"/samples/{self._sample_id}"
        with ui.element("div").classes("console-grid"):
            with section(visit.words("drawn"), "w-6"):
                self._facts = ui.element("div")
            with section(visit.words("found"), "w-6"):
                with ui.element("div").classes("console-cards"):
                    self._rate = figure(visit.words("correct_rate"))
                    self._counts = {
                        name: figure(visit.words(f"state_{name}")) for name in _STATES
                    }
                ui.label(visit.words("rate_why")).classes("console-quiet")
        with section(visit.words("members"), "console-part"):
            self._ways()
            self._list = self._members()

    async def look(self) -> None:
        """What stands by now."""
        visit = self._visit
        try:
            found = await visit.api.get(self._path)
        except Refusal as refusal:
            visit.refused(refusal)
            return
        await visit.names.learn_of([found["filter"]])
        self._rate.set_text(percentage(found["correct_rate"]))
        for name, label in self._counts.items():
            label.set_text(count(found[name]))
        self._facts.clear()
        with self._facts:
            self._show_facts(found)

    def _show_facts(self, found: Mapping[str, Any]) -> None:
        words, chosen = self._visit.words, found["filter"]
        share = 100 * float(found["unrated_share"])
        names = [name for name in chosen if name not in {"from", "to"}]
        facts(
            [
                (words("drawn_at"), self._visit.time(found["drawn_at"])),
                (words("author"), found["author"]),
                (words("filter_period"), self._period(chosen)),
                *(
                    (words.known("filter", name), self._chosen(name, chosen[name]))
                    for name in names
                ),
                (words("volume"), count(found["volume"])),
                (words("unrated_percent"), percentage(str(share))),
                (words("seed"), found["seed"]),
                (words("rated_shortfall"), found["rated_shortfall"] or None),
                (words("unrated_shortfall"), found["unrated_shortfall"] or None),
            ]
        )

    def _chosen(self, name: str, value: str) -> object:
        return self._visit.names.named(name, value) if name in TABLES else value

    def _period(self, chosen: Mapping[str, str]) -> str:
        bounds = [chosen.get(name) for name in ("from", "to")]
        told = [self._visit.time(at, "%Y-%m-%d %H:%M") if at else "…" for at in bounds]
        return f" {NOTHING} ".join(told) if any(bounds) else ""

    def _ways(self) -> None:
        words = self._visit.words
        targets = {words("all_members"): self._way("")}
        targets |= {words(f"state_{name}"): self._way(name) for name in _STATES}
        ways(words("members"), targets, self._way(self._state))

    def _way(self, state: str) -> str:
        query = f"?{urlencode({'state': state})}" if state else ""
        return f"{SAMPLES}/{self._sample_id}{query}"

    def _members(self) -> Listing:
        visit, words = self._visit, self._visit.words
        states = {name: words(f"state_{name}") for name in _STATES}
        acts = [self._act(name) for name in _VERDICTS] if visit.may("audit") else []
        return Listing(
            visit,
            f"{self._path}/members",
            [
                Column("member", words("member")),
                Column("rating_id", words("rating"), "link", "/ratings/{rating_id}"),
                Column(
                    "session_key", words("session"), "link", "/sessions/{session_key}"
                ),
                Column("state", words("state"), "state", "", states, _COLOURS),
                Column("note", words("note"), "long"),
                Column("author", words("inspector")),
                Column("at", words("at"), "time"),
            ],
            label=words("members"),
            empty=words("no_members"),
            acts=acts,
            params={"state": self._state},
        )

    def _act(self, verdict: str) -> Act:
        async def do(item: dict[str, Any]) -> None:
            await self._find(verdict, str(item["member"]))

        others = [name for name in _STATES if name != verdict]
        label = self._visit.words(f"do_{verdict}")
        return Act(verdict, label, do, {"state": others})

    async def _find(self, verdict: str, member: str) -> None:
        visit = self._visit
        told = await asked(
            visit,
            visit.words(f"do_{verdict}_why"),
            reason=True,
            values={visit.words("member"): member},
        )
        if told is None:
            return
        is_exempt = verdict == "exempt"
        said = {"exempt": True} if is_exempt else {"matches": verdict == "matches"}
        finding = {"member": member, "note": told["reason"], **said}
        body = {"findings": [finding]}
        if await visit.act(visit.api.post(f"{self._path}/findings", body)):
            self._list.again()
            await self.look()


async def build(visit: Visit) -> None:
    proof_ways(visit)
    await OneSample(visit).look()


PAGE: Final = Page("sample", f"{SAMPLES}/{{sample_id}}", build, under="statistics")
