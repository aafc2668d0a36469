"""Alerts: what needs hands, who sees to it, and what there was."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.causes import Causes
from gateway.console.pages.dialogs import asked
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading, ways
from gateway.console.pages.visit import Visit

_STATES: Final = ("open", "confirmed", "snoozed", "resolved")
_COLOURS: Final = {"critical": "bad", "warning": "fair"}
_STATE_COLOURS: Final = {"open": "bad", "confirmed": "fair", "resolved": "good"}
_HOURS: Final = (1, 4, 12, 24, 72)
_REFRESH_S: Final = 10.0


class Alerts:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._causes = Causes(visit.words)
        state = visit.query.get("state", "open")
        self._state = state if state in _STATES else "open"
        targets = {
            visit.words(f"state_{it}"): f"{PAGE.path}?state={it}" for it in _STATES
        }
        here = f"{PAGE.path}?state={self._state}"
        ways(visit.words("states"), targets, here)
        self._list = Listing(
            visit,
            "/alerts",
            self._columns(),
            label=visit.words("page_alerts"),
            empty=visit.words(f"empty_{self._state}"),
            acts=self._acts() if visit.may("operate") else (),
            params={"state": self._state},
        )

    async def again(self) -> None:
        self._list.again()

    def _columns(self) -> list[Column]:
        words = self._visit.words
        severities = {
            it: words(f"severity_{it}") for it in ("info", "warning", "critical")
        }
        states = {state: words(f"state_{state}") for state in _STATES}
        return [
            self._causes.column(words("text")),
            Column("severity", words("severity"), "state", "", severities, _COLOURS),
            Column("state", words("state"), "state", "", states, _STATE_COLOURS),
            Column("site", words("site"), names="sites"),
            Column("device_id", words("device"), href="/devices/{device_id}"),
            Column("opened_at", words("opened"), "time"),
            Column("count", words("times"), "number"),
            Column("confirmed_by", words("confirmed_by")),
            self._causes.advice(words("advice")),
        ]

    def _acts(self) -> list[Act]:
        words, standing = self._visit.words, ("open", "confirmed", "snoozed")
        return [
            Act(
                "confirm",
                words("confirm"),
                self._confirm,
                {"state": ("open", "snoozed")},
            ),
            Act(
                "snooze",
                words("snooze"),
                self._snooze,
                {"state": ("open", "confirmed")},
            ),
            Act("resolve", words("resolve"), self._resolve, {"state": standing}),
        ]

    async def _confirm(self, item: dict[str, Any]) -> None:
        await self._do(item, "confirm", reason=True)

    async def _resolve(self, item: dict[str, Any]) -> None:
        await self._do(item, "resolve", reason=True)

    async def _snooze(self, item: dict[str, Any]) -> None:
        hours = {str(no): self._visit.words("hours", count=no) for no in _HOURS}
        await self._do(item, "snooze", reason=True, choices=hours)

    async def _do(
        self,
        item: dict[str, Any],
        what: str,
        *,
        reason: bool,
        choices: dict[str, str] | None = None,
    ) -> None:
        visit, number = self._visit, int(item["id"])
        question = visit.words(f"{what}_why")
        figures = dict(item["figures"])
        told_of = self._causes.sentence(str(item["cause"]), str(item["text"]), figures)
        told = await asked(
            visit,
            question,
            reason=reason,
            choices=choices,
            values={visit.words("text"): told_of},
        )
        if told is None:
            return
        body: dict[str, object] = {"reason": told["reason"] or None}
        if "choice" in told:
            body["until"] = self._until(int(told["choice"]))
        if await visit.act(visit.api.post(f"/alerts/{number}/{what}", body)):
            self._list.again()

    def _until(self, hours: int) -> str:
        now = datetime.fromtimestamp(self._visit.now_ms() / 1000, UTC)
        return (now + timedelta(hours=hours)).isoformat()


async def build(visit: Visit) -> None:
    alerts = Alerts(visit)
    await visit.every(_REFRESH_S, alerts.again)
    with ui.element("section").classes("console-card"):
        heading(visit.words("windows"))
        Listing(
            visit,
            "/maintenance-windows",
            [
                Column("site", visit.words("site"), names="sites"),
                Column("device_id", visit.words("device")),
                Column("from", visit.words("from"), "time"),
                Column("until", visit.words("window_until"), "time"),
                Column("reason", visit.words("reason"), "long"),
                Column("author", visit.words("author")),
            ],
            label=visit.words("windows"),
            empty=visit.words("no_windows"),
        )


PAGE: Final = Page("alerts", "/alerts", build, icon="notifications")
