"""Ratings: found by whatever is known of one."""

from typing import Final

from gateway.console.pages.filters import Filters
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.visit import Visit

_TEXTS: Final = ("site", "department", "employee", "device", "session")


async def build(visit: Visit) -> None:
    words = visit.words
    levels = {str(level): words(f"level_{level}") for level in (5, 4, 3, 2, 1)}
    filters = Filters(visit, _TEXTS, {"level": levels, "flag": words.all_of("flag")})
    found = Listing(
        visit,
        "/ratings",
        columns(visit),
        label=words("page_ratings"),
        empty=words("no_ratings"),
        params=filters.params,
    )
    filters.then(found.filter)


def columns(visit: Visit) -> list[Column]:
    """Of a table of ratings."""
    words = visit.words
    return [
        Column("rating_id", words("rating_id"), href="/ratings/{rating_id}"),
        Column("level", words("level"), "level"),
        Column("occurred_at", words("occurred_at"), "time"),
        Column("site", words("site"), names="sites"),
        Column("department", words("department"), names="departments"),
        Column("window", words("window"), names="windows"),
        Column("employee_id", words("employee"), names="employees"),
        Column("session_id", words("session"), href="/sessions/{session_key}"),
        Column(
            "effective",
            words("effective"),
            "state",
            words={"true": words("counts"), "false": words("counts_not")},
            colours={"true": "good"},
        ),
        Column("flags", words("flags"), words=words.all_of("flag")),
        Column("version", words("version"), "number"),
    ]


PAGE: Final = Page("ratings", "/ratings", build, icon="star_half")
