"""Sessions: where each of them stands, and one of them whole."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.filters import Filters
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.rated.explaining import explanation
from gateway.console.pages.rated.telling import PLACES, Line, clocks, facts, section
from gateway.console.pages.visit import Visit

_STATES: Final = (
    "opened",
    "awaiting",
    "rated",
    "amended",
    "voided",
    "defaulted",
    "expired",
    "closed",
)
_COLOURS: Final = {
    "rated": "good",
    "amended": "good",
    "voided": "bad",
    "expired": "fair",
}
_MOMENTS: Final = (
    "opened_at",
    "invited_at",
    "ended_at",
    "deadline_at",
    "followup_due_at",
    "rectify_due_at",
    "amend_until",
)


async def build_all(visit: Visit) -> None:
    words = visit.words
    states = {state: words(f"session_{state}") for state in _STATES}
    filters = Filters(visit, ("site", "device", "session"), {"state": states})
    found = Listing(
        visit,
        "/sessions",
        [
            Column("session_key", words("session"), href="/sessions/{session_key}"),
            Column("state", words("state"), "state", "", states, _COLOURS),
            Column("effective.level", words("level"), "level"),
            Column("site", words("site"), names="sites"),
            Column("department", words("department"), names="departments"),
            Column("window", words("window"), names="windows"),
            Column("employee_id", words("employee"), names="employees"),
            Column("ended_at", words("ended_at"), "time"),
            Column("deadline_at", words("deadline_at"), "time"),
            Column(
                "unrated_reason",
                words("unrated_reason"),
                words=words.all_of("why"),
            ),
        ],
        label=words("page_sessions"),
        empty=words("no_sessions"),
        params=filters.params,
    )
    filters.then(found.filter)


async def build_one(visit: Visit) -> None:
    path = f"/sessions/{quote(visit.params['session_key'], safe='')}"
    try:
        found = await visit.api.get(path)
        reasons = await visit.api.get(f"{path}/explanation")
    except Refusal as refusal:
        ui.label(visit.why(refusal))
        return
    await visit.names.learn_of([found, reasons["session"] or {}])
    with ui.element("div").classes("console-grid"):
        _facts(visit, found)
        _life(visit, found)
        with section(visit.words("why"), "w-6"):
            explanation(visit, reasons)
            clocks(visit, reasons)


def _facts(visit: Visit, found: Mapping[str, Any]) -> None:
    words, effective = visit.words, found["effective"]
    with section(found["session_id"] or found["session_key"], "w-6"):
        state = found["state"]
        kind = _COLOURS.get(state, "")
        ui.label(words(f"session_{state}")).classes(f"console-state {kind}")
        level = effective and words.known("level", str(effective["level"]))
        facts(
            [
                (words("level"), level),
                *(
                    (words(name), visit.names.named(field, found[field]))
                    for name, field in PLACES.items()
                ),
                (words("service"), found["service_code"]),
                (words("business_date"), found["business_date"]),
                (
                    words("unrated_reason"),
                    words.known("why", found["unrated_reason"]),
                ),
                (words("provisional"), words("yes") if found["provisional"] else None),
                (words("estimated_days"), words("yes") if found["estimated"] else None),
            ]
        )


def _life(visit: Visit, found: Mapping[str, Any]) -> None:
    words = visit.words
    moments = [(found[name], words(name), "", "") for name in _MOMENTS if found[name]]
    for one in found["history"]:
        title = words("rated_with", level=one["level"])
        kind = "good" if one["effective"] else ""
        moments.append((one["occurred_at"], title, one["rating_id"], kind))
    with section(words("life"), "w-6"):
        line = Line(visit)
        for at, title, more, kind in sorted(moments):
            line.add(title, at, more, kind)
        for one in found["history"]:
            ui.link(one["rating_id"], f"/ratings/{quote(one['rating_id'])}")


SESSIONS: Final = Page("sessions", "/sessions", build_all, icon="forum")
SESSION: Final = Page("session", "/sessions/{session_key}", build_one, under="sessions")
