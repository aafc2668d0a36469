"""Sealed months: each with its digest, and whether anything has changed since."""

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from gateway.console.pages import periods
from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.proof.ways import MONTHS, proof_ways
from gateway.console.pages.rated.telling import section
from gateway.console.pages.visit import Visit

_SHOWN: Final = 12
"""Each month is compared with what it comes to by now."""
_PAST: Final = 24
_SITES_MAX: Final = 1_000
_REPORT: Final = "/api/v1/statements/{month}/figures?by=department&site={site}&format="


def months(visit: Visit) -> Listing:
    """The newest first."""
    words = visit.words
    holds = {"true": words("holds"), "false": words("fails")}
    return Listing(
        visit,
        "/statements",
        [
            Column("month", words("month"), href=f"{MONTHS}/{{month}}?site={{site}}"),
            Column(
                "site", words("site"), words={"": words("all_sites")}, names="sites"
            ),
            Column("as_of", words("as_of"), "time"),
            Column("author", words("author")),
            Column("adjusted", words("adjusted"), "number"),
            Column(
                "intact",
                words("intact"),
                "state",
                words=holds,
                colours={"true": "good", "false": "bad"},
            ),
            Column("digest", "SHA-256", "short"),
            Column("month", words("csv"), "link", f"{_REPORT}csv"),
            Column("month", words("print"), "link", _printed(words.language)),
        ],
        label=words("months"),
        empty=words("no_months"),
        params={"adjusted": "true", "limit": _SHOWN},
    )


def _printed(language: str) -> str:
    return f"{_REPORT}html&language={language}"


class Sealing:
    """For auditors: which month, of which site."""

    def __init__(self, visit: Visit, sites: Mapping[str, str], listed: Listing) -> None:
        self._visit, self._list, self._names = visit, listed, sites
        words = visit.words
        today = periods.today_of(visit.now_ms(), visit.zone)
        past = [periods.months_on(today, -no) for no in range(1, _PAST + 1)]
        names = [f"{month:%Y-%m}" for month in past]
        with section(words("seal"), "console-part"):
            ui.label(words("seal_what")).classes("console-quiet")
            with ui.element("div").classes("console-filters"):
                self._month = ui.select(names, value=names[0], label=words("month"))
                self._site = ui.select(
                    dict(sites), value=next(iter(sites)), label=words("site")
                )
                for select in (self._month, self._site):
                    select.props("dense outlined options-dense")
                ui.button(words("seal"), on_click=self._seal).props("outline no-caps")

    async def _seal(self) -> None:
        visit, words = self._visit, self._visit.words
        month, site = str(self._month.value), str(self._site.value)
        shown = {words("month"): month, words("site"): self._names[site]}
        if not await confirmed(visit, words("seal_why"), **shown):
            return
        path = f"/statements/{month}"
        if await visit.act(visit.api.post(path, None, site=site), words("sealed")):
            self._list.again()


async def sites_of(visit: Visit) -> dict[str, str]:
    """Names of the sites that somebody sees, by id; "" is all of them."""
    every = {} if visit.caller.site else {"": visit.words("all_sites")}
    try:
        found: dict[str, Any] = await visit.api.get("/sites", limit=_SITES_MAX)
    except Refusal as refusal:
        visit.refused(refusal)
        return every
    named = {one["id"]: one["name"] or one["id"] for one in found["items"]}
    return every | named


async def build(visit: Visit) -> None:
    proof_ways(visit, MONTHS)
    ui.label(visit.words("what")).classes("console-quiet")
    with section(visit.words("months"), "console-part"):
        listed = months(visit)
    if visit.may("audit") and (sites := await sites_of(visit)):
        Sealing(visit, sites, listed)


PAGE: Final = Page("months", MONTHS, build, under="statistics")
