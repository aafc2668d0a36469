"""Samples for inspection: those that were drawn, and drawing one."""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from gateway.console.pages import periods
from gateway.console.pages.api import Refusal
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.proof.months import sites_of
from gateway.console.pages.proof.ways import SAMPLES, proof_ways
from gateway.console.pages.rated.telling import section
from gateway.console.pages.visit import Visit

_SHOWN: Final = 20
_VOLUME: Final = 50
_VOLUME_MAX: Final = 1_000
_UNRATED_PERCENT: Final = 30
_TEXTS: Final = ("department", "window", "employee")
_NAMES: Final = tuple(name for name in periods.NAMES if name != periods.OWN)


def samples(visit: Visit) -> None:
    """The newest first."""
    words = visit.words
    nothing = {"": words("not_inspected")}
    numbers = ("volume", "matches", "differs", "exempt", "open")
    Listing(
        visit,
        "/samples",
        [
            Column("sample_id", words("sample"), href=f"{SAMPLES}/{{sample_id}}"),
            Column("drawn_at", words("drawn_at"), "time"),
            Column("author", words("author")),
            Column("seed", words("seed")),
            Column("correct_rate", words("correct_rate"), "percent", words=nothing),
            *(Column(name, words(name), "number") for name in numbers),
        ],
        label=words("samples"),
        empty=words("no_samples"),
        params={"limit": _SHOWN},
    )


class Drawing:
    """For auditors: of which ratings and sessions, how many, by which seed."""

    def __init__(self, visit: Visit, sites: dict[str, str]) -> None:
        self._visit = visit
        words = visit.words
        today = periods.today_of(visit.now_ms(), visit.zone)
        named = {name: words(f"period_{name}") for name in _NAMES}
        with section(words("draw"), "console-part"):
            ui.label(words("draw_what")).classes("console-quiet")
            with ui.element("div").classes("console-filters"):
                self._period = ui.select(
                    named, value="last_month", label=words("filter_period")
                )
                self._site = ui.select(
                    sites, value=next(iter(sites)), label=words("site")
                )
                self._texts = {name: ui.input(words(name)) for name in _TEXTS}
                self._volume = ui.number(
                    words("volume"), value=_VOLUME, min=1, max=_VOLUME_MAX, precision=0
                )
                self._unrated = ui.number(
                    words("unrated_percent"),
                    value=_UNRATED_PERCENT,
                    min=0,
                    max=100,
                    precision=0,
                )
                self._seed = ui.input(words("seed"), value=today.isoformat())
                for field in (
                    self._period,
                    self._site,
                    *self._texts.values(),
                    self._volume,
                    self._unrated,
                    self._seed,
                ):
                    field.props("dense outlined options-dense")
                ui.button(words("draw"), on_click=self._draw).props("outline no-caps")

    async def _draw(self) -> None:
        visit = self._visit
        try:
            done = await visit.api.post("/samples", self._body())
        except Refusal as refusal:
            visit.refused(refusal)
            return
        if done.get("processed") is False:
            ui.notify(visit.words("recorded"), type="positive")
            return
        ui.navigate.to(f"{SAMPLES}/{quote(done['outcome']['sample_id'], safe='')}")

    def _body(self) -> dict[str, Any]:
        """As the API takes it; what it refuses it says."""
        visit = self._visit
        today = periods.today_of(visit.now_ms(), visit.zone)
        period = periods.named(str(self._period.value), today)
        chosen = {"site": self._site.value} | {
            name: str(field.value or "").strip() for name, field in self._texts.items()
        }
        share = Decimal(int(self._unrated.value or 0)) / 100
        return {
            "filter": period.bounds(visit.zone)
            | {name: value for name, value in chosen.items() if value},
            "volume": int(self._volume.value or 0),
            "unrated_share": str(share),
            "seed": str(self._seed.value or "").strip(),
        }


async def build(visit: Visit) -> None:
    proof_ways(visit, SAMPLES)
    ui.label(visit.words("what")).classes("console-quiet")
    with section(visit.words("samples"), "console-part"):
        samples(visit)
    if visit.may("audit"):
        sites = await sites_of(visit)
        Drawing(visit, sites or {"": visit.words("all_sites")})


PAGE: Final = Page("samples", SAMPLES, build, under="statistics")
