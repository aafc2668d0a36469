"""What people do about alerts: confirm, put aside, resolve; and when nobody is told."""

from collections.abc import Mapping
from typing import Any, Final

from fleet.alerts import ADVICE, Sign, advice_for
from gateway.acts import AlertAct, WindowAct, WindowEndAct
from gateway.events.cloudevents import rfc3339
from gateway.ledger.alerts import Alert, Window
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.processing.alerting.alerts import close_alert, follow, tell_change
from gateway.processing.alerting.muting import MAINTENANCE_MS_MAX
from gateway.processing.alerting.notifying import ALERT, SNOOZE
from gateway.processing.state import DAY_MS

SNOOZE_MS_MAX: Final = 31 * DAY_MS
WINDOWS_MAX: Final = 1_000
AHEAD_MS_MAX: Final = 31 * DAY_MS


def _standing(context: Context, act: AlertAct) -> Alert:
    alert = context.state.alert_books.alert(act.alert_id)
    if alert is None or alert.resolved_ms is not None:
        raise ActError("conflict", "this alert is resolved already, or never was")
    return alert


def _stop_waiting(context: Context, alert: Alert, *kinds: str) -> None:
    for kind in kinds:
        context.state.books.drop_timers(kind, str(alert.id))


def _alert_confirmed(context: Context, act: AlertAct) -> Outcome:
    alert = _standing(context, act)
    _stop_waiting(context, alert, SNOOZE, ALERT)
    follow(context.state, alert, Sign.CONFIRMED, act.author, act.reason)
    more = {"by": act.author, "reason": act.reason}
    tell_change(context.state, alert.id, "alert.confirmed", more)
    return {"alert_id": alert.id, "state": "confirmed"}


def _alert_snoozed(context: Context, act: AlertAct) -> Outcome:
    alert, until_ms = _standing(context, act), act.until_ms
    now_ms = context.state.now_ms
    if until_ms is None or not now_ms < until_ms <= now_ms + SNOOZE_MS_MAX:
        raise ActError("invalid", "until must lie ahead, by a month at most")
    _stop_waiting(context, alert, SNOOZE, ALERT)
    context.state.set_timer(until_ms, SNOOZE, str(alert.id))
    until = rfc3339(until_ms)
    text = f"until {until}" + (f": {act.reason}" if act.reason else "")
    follow(context.state, alert, Sign.SNOOZED, act.author, text)
    more = {"by": act.author, "reason": act.reason, "until": until}
    tell_change(context.state, alert.id, "alert.snoozed", more)
    return {"alert_id": alert.id, "state": "snoozed"}


def _alert_resolved(context: Context, act: AlertAct) -> Outcome:
    alert, state = _standing(context, act), context.state
    if alert.cause not in ADVICE:
        raise ActError("conflict", f"{alert.cause}: {advice_for(alert.cause)}")
    if alert.cause == "duplicate_identity":
        state.watcher.part_twins(state.by_id[alert.subject])
    close_alert(state, alert, act.author, act.reason or f"resolved by {act.author}")
    return {"alert_id": alert.id, "state": "resolved"}


def _window_opened(context: Context, act: WindowAct) -> Outcome:
    state, now_ms = context.state, context.state.now_ms
    from_ms = max(now_ms, act.from_ms or now_ms)
    if (act.device_id is None) == (act.site is None):
        raise ActError("invalid", "name a device_id or a site, and not both")
    if act.device_id is not None and act.device_id not in state.by_id:
        raise ActError("not_found", f"no device {act.device_id!r}")
    if act.site is not None and act.site not in state.devices.registry("sites"):
        raise ActError("not_found", f"no site {act.site!r}")
    if not from_ms < act.until_ms <= from_ms + MAINTENANCE_MS_MAX:
        raise ActError("invalid", "until must lie after from, by 8 hours at most")
    if from_ms > now_ms + AHEAD_MS_MAX:
        raise ActError("invalid", "from must lie within a month")
    muting = context.notifying.muting
    if muting.count() >= WINDOWS_MAX:
        raise ActError("conflict", f"no more than {WINDOWS_MAX} windows at a time")
    window = Window(0, act.device_id, act.site, from_ms, act.until_ms)
    kept = muting.begin(window, act.reason, act.author)
    context.notifying.look_at_all()
    return {"id": kept.id, "until": rfc3339(kept.until_ms)}


def _window_ended(context: Context, act: WindowEndAct) -> Outcome:
    if context.notifying.muting.end(act.window_id) is None:
        raise ActError("conflict", "this window is over already, or never was")
    context.notifying.look_at_all()
    return {"id": act.window_id}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "alert_confirmed": handling(AlertAct, _alert_confirmed),
    "alert_snoozed": handling(AlertAct, _alert_snoozed),
    "alert_resolved": handling(AlertAct, _alert_resolved),
    "maintenance_window_opened": handling(WindowAct, _window_opened),
    "maintenance_window_ended": handling(WindowEndAct, _window_ended),
}
