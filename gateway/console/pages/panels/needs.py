"""Terminals by their state, and the alerts that are open."""

from typing import Any, Final

from nicegui import ui

from gateway.console.pages.causes import Causes
from gateway.console.pages.numbers import NOTHING, count
from gateway.console.pages.panels.blocks import heading
from gateway.console.pages.visit import Visit
from gateway.console.wording import Words

_ALERTS: Final = 6
_KINDS: Final = {
    "offline": "bad",
    "failed": "bad",
    "stale": "fair",
    "degraded": "fair",
}
_SEVERITIES: Final = {"critical": "bad", "warning": "fair"}


class Needs:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._causes = Causes(visit.words)
        words = visit.words
        with ui.element("section").classes("console-card w-3"):
            heading(words("devices"))
            self._devices = ui.label(NOTHING).classes("console-figure")
            self._states = {kind: _State(words, kind) for kind in _KINDS}
        with ui.element("section").classes("console-card w-6"):
            heading(words("alerts"))
            self._alerts = ui.element("div")

    async def look(self, age_s_max: float) -> None:
        sites = (await self._visit.glance(age_s_max, "/sites/ranking"))["items"]
        total = sum(site["devices"] for site in sites)
        self._devices.set_text(self._visit.words("devices_all", count=count(total)))
        for kind, state in self._states.items():
            state.show(sum(site[kind] for site in sites))
        found = await self._visit.glance(
            age_s_max, "/alerts", state="open", limit=_ALERTS
        )
        await self._visit.names.learn_of(found["items"])
        self._show_alerts(found["items"], more=found["next_cursor"] is not None)

    def _show_alerts(self, alerts: list[dict[str, Any]], *, more: bool) -> None:
        words = self._visit.words
        self._alerts.clear()
        with self._alerts:
            if not alerts:
                ui.label(words("no_alerts")).classes("console-quiet")
            for alert in alerts:
                with ui.element("div").classes("console-alert"):
                    kind = _SEVERITIES.get(alert["severity"], "")
                    severity = words.known("severity", alert["severity"])
                    ui.label(severity).classes(f"console-state {kind}")
                    self._tell(alert)
                    opened = self._visit.time(alert["opened_at"], "%m-%d %H:%M")
                    ui.label(opened).classes("console-quiet console-number")
            if more:
                ui.label(words("more_alerts")).classes("console-quiet")

    def _tell(self, alert: dict[str, Any]) -> None:
        told = self._causes.sentence(alert["cause"], alert["text"], alert["figures"])
        about, site = alert["device_id"], alert["site"]
        if site and not about:
            about = self._visit.names.of("sites", site)
        if about and about not in told:
            told = self._visit.words("about", subject=about, text=told)
        ui.label(told).props["title"] = alert["text"]


class _State:
    def __init__(self, words: Words, kind: str) -> None:
        with ui.element("div").classes("console-sink"):
            self._count = ui.label().classes("console-number")
            self._label = ui.label(words(f"state_{kind}")).classes("console-state")
        self._kind = kind

    def show(self, number: int) -> None:
        self._count.set_text(count(number))
        kind = _KINDS[self._kind] if number else ""
        self._label.classes(replace=f"console-state {kind}")
