"""Availability: how much of their hours terminals served, and months proved by seal."""

from typing import Final
from urllib.parse import urlencode

from nicegui import ui

from gateway.console.pages import periods
from gateway.console.pages.dialogs import asked
from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.names import TABLES
from gateway.console.pages.page import Page
from gateway.console.pages.periods import Period
from gateway.console.pages.rated.telling import section
from gateway.console.pages.upkeep.words import words_of
from gateway.console.pages.visit import Visit

_GROUPS: Final = ("site", "device", "month", "model", "firmware")
_WORST: Final = 100
_MONTHS: Final = 12
_STATEMENT: Final = "/api/v1/maintenance-statements/{month}"
_HREFS: Final = {"device": "/devices/{group.device}", "site": "/halls/{group.site}"}
_NAMED: Final = tuple(name for name in periods.NAMES if name != periods.OWN)


class Figures:
    """The least available first, of a period, by a group."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._period = _among(_NAMED, visit.query.get("period"), "month")
        self._group = _among(_GROUPS, visit.query.get("group"), "site")
        self._site = visit.query.get("site", "")
        words = visit.words
        with section(words("figures"), "console-part"):
            with ui.element("div").classes("console-filters").props("role=search"):
                self._select("period", words_of(visit, "period", _NAMED), self._period)
                self._select("group", words_of(visit, "group", _GROUPS), self._group)
                field = ui.input(words("filter_site"), value=self._site)
                field.props("dense outlined clearable")

                async def choose() -> None:
                    text = str(field.value or "").strip()
                    self._go(site=await visit.names.id_of("site", text))

                field.on("change", choose)
                field.on("clear", lambda: self._go(site=""))
            ui.link(words("csv_all"), self._csv())
            self._list = Listing(
                visit,
                "/availability",
                self._columns(),
                label=words("figures"),
                empty=words("no_figures"),
                params=self._asked | {"worst": _WORST, "limit": None},
            )
            ui.label(words("worst", count=_WORST)).classes("console-quiet")

    @property
    def _asked(self) -> dict[str, object]:
        today = periods.today_of(self._visit.now_ms(), self._visit.zone)
        period: Period = periods.named(self._period, today)
        return {
            "from": period.begin.isoformat(),
            "to": period.end.isoformat(),
            "group_by": self._group,
            "site": self._site or None,
        }

    def _csv(self) -> str:
        given = {name: value for name, value in self._asked.items() if value}
        return f"/api/v1/availability?{urlencode(given | {'format': 'csv'})}"

    def _select(self, name: str, options: dict[str, str], value: str) -> None:
        label = self._visit.words(f"choose_{name}")

        def choose() -> None:
            self._go(**{name: str(select.value)})

        select = ui.select(options, value=value, label=label, on_change=choose)
        select.props("dense outlined options-dense")

    def _go(self, **chosen: str | None) -> None:
        """The address holds what was asked: it can be kept, and told to others."""
        now = {"period": self._period, "group": self._group, "site": self._site}
        given = {name: value for name, value in (now | chosen).items() if value}
        ui.navigate.to(f"{PAGE.path}?{urlencode(given)}")

    def _columns(self) -> list[Column]:
        words, group = self._visit.words, self._group
        href = _HREFS.get(group, "")
        no_failure, none_due = {"": words("no_failure")}, {"": words("none_due")}
        return [
            Column(
                f"group.{group}",
                words(f"group_{group}"),
                href=href,
                names=TABLES.get(group, ""),
            ),
            Column("availability", words("availability"), "percent"),
            Column("mtbf_ms", words("mtbf"), "duration", words=no_failure),
            Column("mttr_ms", words("mttr"), "duration", words=no_failure),
            Column("inspections_in_time", words("in_time"), "percent", words=none_due),
            Column("completeness", words("completeness"), "percent"),
            Column("failures", words("failures"), "number"),
            Column("down_ms", words("down"), "duration"),
            Column("maintenance_ms", words("maintained"), "duration"),
            Column("unobserved_ms", words("unobserved"), "duration"),
            Column("required_ms", words("required"), "duration"),
        ]


class Statements:
    """Closed months, sealed and signed, each verified when it is shown."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        holds = {"true": words("holds"), "false": words("fails")}
        colours = {"true": "good", "false": "bad"}
        way = f"{_STATEMENT}?site={{site}}&language={words.language}&format="
        with section(words("statements"), "console-part"):
            self._list = Listing(
                visit,
                "/maintenance-statements",
                [
                    Column("month", words("month")),
                    Column("site", words("site"), names="sites"),
                    Column("as_of", words("as_of"), "time"),
                    Column("author", words("author")),
                    Column("intact", words("intact"), "state", "", holds, colours),
                    Column("signed", words("signed"), "state", "", holds, colours),
                    Column("digest", "SHA-256", "long"),
                    Column("month", words("csv"), "link", way + "csv"),
                    Column("month", words("print"), "link", way + "html"),
                ],
                label=words("statements"),
                empty=words("no_statements"),
                params={"limit": None},
            )
            if visit.may("audit"):
                ui.button(words("seal"), on_click=self._seal).props("outline no-caps")

    async def _seal(self) -> None:
        visit = self._visit
        today = periods.today_of(visit.now_ms(), visit.zone)
        past = [periods.months_on(today, -no) for no in range(1, _MONTHS + 1)]
        months = {f"{month:%Y-%m}": f"{month:%Y-%m}" for month in past}
        site = visit.query.get("site") or visit.caller.site
        await visit.names.learn("sites", [site])
        name = visit.names.of("sites", site) if site else visit.words("all_sites")
        values = {visit.words("site"): name}
        told = await asked(
            visit, visit.words("seal_why"), choices=months, values=values
        )
        if told is None:
            return
        path = f"/maintenance-statements/{told['choice']}"
        if await visit.act(visit.api.ask("POST", path, {"site": site})):
            self._list.again()


def _among(names: tuple[str, ...], name: str | None, otherwise: str) -> str:
    return name if name in names else otherwise


async def build(visit: Visit) -> None:
    ui.link(visit.words("back"), "/maintenance")
    Figures(visit)
    Statements(visit)


PAGE: Final = Page(
    "availability", "/maintenance/availability", build, under="maintenance"
)
