"""Maintenance: what is due and where, whom to send with what, what was done."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import ui

from gateway.console.pages.causes import Causes
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import ways
from gateway.console.pages.rated.telling import section
from gateway.console.pages.upkeep.words import COLOURS, RESULTS, STATES, WORKS, words_of
from gateway.console.pages.visit import Visit

_RESULT_COLOURS: Final = {"ok": "good", "degraded": "fair", "out_of_service": "bad"}
_VISITS_MAX: Final = 30
_STOPS_MAX: Final = 50
_REFRESH_S: Final = 60.0
_SOON_S: Final = 0.1
_SHEET: Final = "/maintenance/sheets/{site}"
_HALL: Final = "/halls/{site}"
_DEVICE: Final = "/devices/{device_id}"


class Due:
    """What of the routine work has waited how long."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        state = visit.query.get("state", "overdue")
        self._state = state if state in STATES else "overdue"
        self._site = visit.query.get("site", "")
        words = visit.words
        with section(words("by_site"), "console-part"):
            self._sites = Listing(
                visit,
                "/inspections/sites",
                self._site_columns(),
                label=words("by_site"),
                empty=words("no_work"),
            )
        with section(words("work"), "console-part"):
            self._choices()
            self._list = Listing(
                visit,
                "/inspections",
                self._columns(),
                label=words("work"),
                empty=words(f"empty_{self._state}"),
                params={"state": self._state, "site": self._site},
            )

    def _site_columns(self) -> list[Column]:
        words = self._visit.words
        of_site = f"{PAGE.path}?site={{site}}&state="
        return [
            Column("site", words("site"), href=_HALL, names="sites"),
            Column("site", words("sheet"), "link", _SHEET),
            *(
                Column(state, words(f"work_{state}"), "number", of_site + state)
                for state in STATES
            ),
            Column("next_due_at", words("next_due"), "time"),
        ]

    def _choices(self) -> None:
        words, site, names = self._visit.words, self._site, self._visit.names
        targets = {words(f"work_{it}"): self._way(it, site) for it in STATES}
        here = self._way(self._state, site)
        with ways(words("states"), targets, here):
            if site:
                ui.link(
                    words("only_site", site=names.of("sites", site)),
                    self._way(self._state),
                )

    @staticmethod
    def _way(state: str, site: str = "") -> str:
        given = {"state": state} | ({"site": site} if site else {})
        return f"{PAGE.path}?{urlencode(given)}"

    def _columns(self) -> list[Column]:
        words = self._visit.words
        states = words_of(self._visit, "work", STATES)
        return [
            Column("device_id", words("device"), href=_DEVICE),
            Column("window", words("window"), names="windows"),
            Column("site", words("site"), href=_HALL, names="sites"),
            Column("site", words("sheet"), "link", _SHEET),
            Column("type", words("kind"), words=words_of(self._visit, "task", WORKS)),
            Column("state", words("state"), "state", "", states, COLOURS),
            Column("next_due_at", words("next_due"), "time"),
            Column("overdue_at", words("overdue_at"), "time"),
            Column("presses", words("presses"), "number"),
            Column("last_done_at", words("last_done"), "time"),
            Column("plan_id", words("plan")),
        ]


class Planner:
    """One visit a site for all that calls for one."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._causes = visit, Causes(visit.words)
        with section(visit.words("planner"), "console-part"):
            self._told = ui.label(visit.words("loading")).classes("console-quiet")
            self._place = ui.element("div").classes("console-visits")
        self._shown: Any = None

    async def look(self) -> None:
        site = self._visit.query.get("site")
        found = await self._visit.glance(_REFRESH_S / 2, "/visits", site=site)
        if found["items"] == self._shown:
            return
        self._shown, words = found["items"], self._visit.words
        await self._visit.names.learn_of(found["items"][:_VISITS_MAX])
        until = self._visit.time(found["until"], "%Y-%m-%d")
        shown, count = found["items"][:_VISITS_MAX], len(found["items"])
        told = words("visits", count=count, until=until) if count else words("no_visit")
        if len(shown) < count:
            told += words("first_visits", count=len(shown))
        self._told.set_text(told)
        self._place.clear()
        with self._place:
            for one in shown:
                self._show(one)

    def _show(self, one: Mapping[str, Any]) -> None:
        words, site = self._visit.words, one["site"]
        with ui.element("article").classes("console-card"):
            with ui.element("div").classes("console-visit"):
                if site is None:
                    ui.label(words("no_site")).classes("console-here")
                else:
                    name = self._visit.names.of("sites", site)
                    link = ui.link(name, _SHEET.format(site=quote(site, safe="")))
                    link.props["title"] = site
                by = words("visit_by", at=self._visit.time(one["by"], "%m-%d %H:%M"))
                late = words("visit_late") if one["overdue"] else by
                kind = "bad" if one["overdue"] else "fair"
                ui.label(late).classes(f"console-state {kind}")
            ui.label(words("bring", parts=self._parts(one["parts"])))
            with ui.element("details"):
                with ui.element("summary"):
                    ui.label(words("stops", count=len(one["stops"])))
                self._stops(one["stops"])

    def _stops(self, stops: Sequence[Mapping[str, Any]]) -> None:
        words = self._visit.words
        with ui.element("ul").classes("console-stops"):
            for stop in stops[:_STOPS_MAX]:
                with ui.element("li"):
                    device = quote(stop["device_id"], safe="")
                    ui.link(stop["device_id"], f"/devices/{device}")
                    for need in stop["needs"]:
                        self._need(need)
        if len(stops) > _STOPS_MAX:
            more = words("more_stops", count=len(stops) - _STOPS_MAX)
            ui.label(more).classes("console-quiet")

    def _need(self, need: Mapping[str, Any]) -> None:
        words, code, text = self._visit.words, need["cause"], need["text"]
        told = self._causes.sentence(code, text, {}) or words.known("task", code)
        why = words.known("why", need["why"])
        ui.label(words("need", why=why, told=told)).props["title"] = text

    def _parts(self, parts: Mapping[str, int]) -> str:
        words = self._visit.words
        told = [
            f"{words.known('part', name)} \N{MULTIPLICATION SIGN} {no}"
            for name, no in parts.items()
        ]
        return words("list_joint").join(told) or words("nothing_to_bring")


def _done(visit: Visit) -> None:
    words = visit.words
    results = words_of(visit, "outcome", RESULTS)
    with section(words("records"), "console-part"):
        Listing(
            visit,
            "/inspection-records",
            [
                Column("finished_at", words("finished"), "time"),
                Column("device_id", words("device"), href=_DEVICE),
                Column("site", words("site"), names="sites"),
                Column("type", words("kind"), words=words_of(visit, "task", WORKS)),
                Column(
                    "result", words("result"), "state", "", results, _RESULT_COLOURS
                ),
                Column("operator", words("operator")),
                Column("notes", words("notes"), "long"),
            ],
            label=words("records"),
            empty=words("no_records"),
            params={"limit": 10, "site": visit.query.get("site")},
        )


def _plans(visit: Visit) -> None:
    words = visit.words
    with section(words("plans"), "console-part"):
        Listing(
            visit,
            "/inspection-plans",
            [
                Column("plan_id", words("plan")),
                Column("enabled", words("state"), words=words_of(visit, "on", ONS)),
                Column("scope", words("scope"), words=words_of(visit, "for", SCOPES)),
                Column("subject", words("subject"), names="sites"),
                Column("type", words("kind"), words=words_of(visit, "task", WORKS)),
                Column("every_days", words("every_days"), "number"),
                Column("day_unit", words("unit"), words=words_of(visit, "days", UNITS)),
                Column("every_presses", words("every_presses"), "number"),
                Column("due_from", words("from"), words=words_of(visit, "from", FROMS)),
                Column("grace_days", words("grace"), "number"),
                Column("remind_before_days", words("remind"), "number"),
            ],
            label=words("plans"),
            empty=words("no_plans"),
        )


ONS: Final = ("true", "false")
SCOPES: Final = ("device", "profile", "site")
UNITS: Final = ("natural", "working")
FROMS: Final = ("completion", "grid")


async def build(visit: Visit) -> None:
    ui.link(visit.words("to_availability"), "/maintenance/availability")
    await visit.names.learn("sites", [visit.query.get("site")])
    Due(visit)
    planner = Planner(visit)
    _done(visit)
    _plans(visit)

    async def look() -> None:
        await visit.every(_REFRESH_S, planner.look)

    # Of 10,000 terminals a plan takes a third of a second: the page need not wait.
    ui.timer(_SOON_S, look, once=True)


PAGE: Final = Page("maintenance", "/maintenance", build, icon="build")
