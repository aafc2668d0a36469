"""One sealed month: its figures as they were, and each change since."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.names import TABLES
from gateway.console.pages.numbers import NOTHING, count, mean
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import precise, ways
from gateway.console.pages.proof.ways import MONTHS, proof_ways
from gateway.console.pages.rated.telling import facts, section
from gateway.console.pages.visit import Visit

_GROUPS: Final = ("department", "employee", "site")
_CARDS: Final = {
    "satisfaction_rate": " %",
    "rated": "",
    "mean_score": "",
    "response_rate": " %",
    "completeness": " %",
}
_SCORES: Final = (
    ("satisfaction_rate", "percent"),
    ("rated", "number"),
    ("mean_level", "mean"),
    ("mean_score", "mean"),
)
_KINDS: Final = {
    "voided": "bad",
    "amended": "fair",
    "flagged": "fair",
    "moved": "fair",
}


class OneMonth:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._site = visit.query.get("site", "")
        by = visit.query.get("by", "")
        self._by = by if by in _GROUPS else _GROUPS[0]
        self._changed = visit.query.get("changed") == "1"
        self._month = quote(visit.params["month"], safe="")
        self._path = f"/statements/{self._month}"

    async def look(self) -> None:
        visit = self._visit
        try:
            found = await visit.api.get(self._path, site=self._site)
            whole = await visit.api.get(
                f"{self._path}/figures", site=self._site, by="site"
            )
        except Refusal as refusal:
            visit.refused(refusal)
            ui.label(visit.why(refusal))
            return
        await visit.names.learn_of([found])
        with ui.element("div").classes("console-grid"):
            self._seal(found, whole["rules_revision"])
            self._cards(whole["items"])
        with section(visit.words("figures"), "console-part"):
            self._ways()
            self._figures()
        with section(visit.words("changes"), "console-part"):
            told = visit.words("differs", count=found["adjusted"])
            ui.label(told).classes("console-quiet")
            self._changes(untold=found["adjusted"] > 0)

    def _seal(self, found: Mapping[str, Any], revision: str) -> None:
        words, intact = self._visit.words, found["intact"]
        site = self._visit.names.named("site", found["site"])
        with section(f"{found['month']}", "w-6"):
            with ui.element("div").classes("console-choices-left"):
                state = words("holds" if intact else "fails")
                ui.label(state).classes(f"console-state {'good' if intact else 'bad'}")
            facts(
                [
                    (words("site"), site or words("all_sites")),
                    (words("as_of"), self._visit.time(found["as_of"])),
                    (words("author"), found["author"]),
                    (words("rules"), found["rules_revision"]),
                ]
            )
            ui.label("SHA-256").classes("console-quiet")
            ui.label(found["digest"]).classes("console-digest")
            if revision != found["rules_revision"]:
                told = words("other_rules", revision=revision)
                ui.label(told).classes("console-quiet")

    def _cards(self, items: list[dict[str, Any]]) -> None:
        words = self._visit.words
        with section(words("whole"), "w-6"):
            if not items:
                ui.label(words("no_figures")).classes("console-quiet")
            for one in items:
                with ui.element("div").classes("console-cards"):
                    for name, unit in _CARDS.items():
                        now = one["now"] and one["now"][name]
                        self._card(name, one[name], now, unit)

    def _card(self, name: str, sealed: object, now: object, unit: str) -> None:
        words = self._visit.words
        with ui.element("div").classes("console-card"):
            ui.label(words(name)).classes("console-quiet")
            figure = ui.label().classes("console-figure")
            precise(figure, _text(name, sealed, unit), sealed)
            if sealed is None:
                ui.label(words("no_base")).classes("console-quiet")
            if now not in (None, sealed):
                by_now = ui.label().classes("console-quiet console-number")
                precise(by_now, words("by_now", now=_text(name, now, unit)), now)

    def _ways(self) -> None:
        words = self._visit.words
        targets = {words(f"by_{by}"): self._way(by, changed=False) for by in _GROUPS}
        here = self._way(self._by, changed=self._changed)
        targets[words("only_changed")] = self._way(self._by, changed=True)
        ways(words("groups"), targets, here)
        given = {"by": self._by, **self._of_site}
        language = {"language": words.language}
        with ui.element("div").classes("console-ways"):
            for name, form in (("csv", "csv"), ("print", "html")):
                query = urlencode({**given, "format": form, **language})
                url = f"/api/v1{self._path}/figures?{query}"
                ui.link(words(name), url, new_tab=form == "html")
            query = urlencode({**given, "format": "html", **language})
            url = f"/api/v1/reports/{self._month}?{query}"
            ui.link(words("print_now"), url, new_tab=True)

    def _way(self, by: str, *, changed: bool) -> str:
        given = {"by": by, **self._of_site} | ({"changed": "1"} if changed else {})
        return f"{MONTHS}/{self._month}?{urlencode(given)}"

    @property
    def _of_site(self) -> dict[str, str]:
        return {"site": self._site} if self._site else {}

    def _figures(self) -> None:
        words = self._visit.words
        none = words("all_sites" if self._by == "site" else "no_group")
        levels = [
            Column(f"n.{level}", words(f"level_{level}"), "number")
            for level in (5, 4, 3, 2, 1)
        ]
        both = [
            column
            for name, kind in _SCORES
            for column in (
                Column(name, words(name), kind),
                Column(f"now.{name}", words(f"now_{name}"), kind),
            )
        ]
        Listing(
            self._visit,
            f"{self._path}/figures",
            [
                Column(
                    f"key.{self._by}",
                    words(f"by_{self._by}"),
                    words={"": none},
                    names=TABLES[self._by],
                ),
                *both,
                Column("completeness", words("completeness"), "percent"),
                *levels,
                Column("unrated", words("unrated"), "number"),
                Column("unrated_share", words("unrated_share"), "percent"),
            ],
            label=words("figures"),
            empty=words("nothing_changed" if self._changed else "no_figures"),
            params={
                "by": self._by,
                "site": self._site,
                "adjusted": "true" if self._changed else None,
            },
        )

    def _changes(self, *, untold: bool) -> None:
        words = self._visit.words
        Listing(
            self._visit,
            f"{self._path}/changes",
            [
                Column("at", words("at"), "time"),
                Column(
                    "kind", words("kind"), "state", "", words.all_of("kind"), _KINDS
                ),
                Column("rating_id", words("rating"), href="/ratings/{rating_id}"),
                Column("level", words("level"), "level"),
                Column("session_key", words("session"), href="/sessions/{session_key}"),
                Column("site", words("site"), names="sites"),
                Column("department", words("by_department"), names="departments"),
                Column("employee", words("by_employee"), names="employees"),
                Column("by", words("who")),
                Column("reason", words("why"), "long", words=words.all_of("news")),
            ],
            label=words("changes"),
            empty=words("untold" if untold else "nothing_changed"),
            params={"site": self._site},
        )


def _text(name: str, value: object, unit: str) -> str:
    if value is None:
        return NOTHING
    if name.startswith("mean_"):
        return mean(str(value))
    return (count(value) if isinstance(value, int) else str(value)) + unit


async def build(visit: Visit) -> None:
    proof_ways(visit)
    await OneMonth(visit).look()


PAGE: Final = Page("month", f"{MONTHS}/{{month}}", build, under="statistics")
