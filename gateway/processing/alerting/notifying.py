"""Who is told of which alert, and when: folded, so that a restart tells nobody twice.

A standing alert has one timer: when the next recipient may be told of it. What is to be
sent leaves as a notice of the outbox, addressed to one recipient.
"""

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from fleet.alerts import MINUTE_MS, AlertState, Sign
from fleet.escalation import CRITICAL, Alerting, Duty, Recipient
from gateway.events.cloudevents import rfc3339
from gateway.events.registry import NOTICE
from gateway.ledger.alerts import Alert
from gateway.processing.alerting.alerts import event_of, follow, tell_change
from gateway.processing.alerting.muting import Muting
from gateway.processing.state import State

ALERT: Final = "alert"
DIGEST: Final = "digest"
ALL_CLEAR: Final = "all_clear"
SNOOZE: Final = "snooze"
"""Kinds of timers: a standing alert; what comes together; a snooze."""

TOGETHER_MAX: Final = 50
"""Alerts that one notice names; of more it tells how many."""
_LOOK_MS_MAX: Final = 15 * MINUTE_MS
"""What mutes an alert may end sooner than it said."""


class Notifying:
    """Follows every standing alert until somebody has confirmed it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = state.alert_books
        self.muting = Muting(state)
        self._duties = _duties(state.alerting, state.rulings[None].zone)

    def apply(self, alerting: Alerting) -> None:
        """Other recipients, hours, or another cooldown are in force from here on.

        Raises:
            ValueError: hours or a zone that cannot be read; nothing is changed.
        """
        self._duties = _duties(alerting, self._state.rulings[None].zone)
        self._state.alerting = alerting
        self.look_at_all()

    def look_at_all(self) -> None:
        """Who is to be told, or what mutes alerts, has changed."""
        for known in list(self._state.alerts.values()):
            self.stands(known.id)

    def stands(self, alert_id: int) -> None:
        """It was opened, or something about it changed."""
        self._state.books.drop_timers(ALERT, str(alert_id))
        alert = self._books.alert(alert_id)
        if alert is not None and alert.state == AlertState.OPEN:
            self._follow(alert)

    def look(self, subject: str) -> None:
        """The timer of an alert."""
        self.stands(int(subject))

    def wake(self, subject: str) -> None:
        """A snooze is over: who was told before is told anew."""
        alert = self._books.alert(int(subject))
        if alert is None or follow(self._state, alert, Sign.ELAPSED) is None:
            return
        self._books.forget_told(alert.id)
        self._books.wait_from(alert.id, self._state.now_ms, None)
        tell_change(self._state, alert.id, "alert.opened", {"reopened": True})
        self.stands(alert.id)

    def resolved(self, alert_id: int) -> None:
        """It is over: who was told hears of it once it stayed away for a while."""
        self._state.books.drop_timers(ALERT, str(alert_id))
        self._state.books.drop_timers(SNOOZE, str(alert_id))
        due_ms = self._state.now_ms + self._state.alerting.cooldown_ms
        due_ms = -(-due_ms // MINUTE_MS) * MINUTE_MS  # several together
        for name, how in self._books.told(alert_id).items():
            if how == "told" and name in self._duties:
                self._state.set_timer(due_ms, ALL_CLEAR, name)

    def digest(self, name: str) -> None:
        """What came too fast for single notices is told together."""
        duty = self._duties.get(name)
        waiting = self._books.waiting(name)
        standing = [one for one in waiting if one.state == AlertState.OPEN]
        now_ms = self._state.now_ms
        if duty is not None and standing:
            due_ms = max(duty.next_ms(now_ms, one.severity) for one in standing)
            if any(one.severity == CRITICAL for one in standing):
                due_ms = duty.next_ms(now_ms, CRITICAL)
            if due_ms > now_ms:
                self._state.set_timer(due_ms, DIGEST, name)
                return
            self._send(duty.recipient, "digest", standing)
        self._books.tell([one.id for one in standing], name, now_ms, "told")
        gone = [one.id for one in waiting if one.state != AlertState.OPEN]
        self._books.tell(gone, name, now_ms, "cleared")

    def all_clear(self, name: str) -> None:
        """What this one was told of is over, and stayed so for the cooldown."""
        now_ms, duty = self._state.now_ms, self._duties.get(name)
        over = self._books.cleared(name, now_ms - self._state.alerting.cooldown_ms)
        if duty is None or not over:
            return
        if duty.recipient.all_clear:
            due_ms = duty.next_ms(now_ms, "info")
            if due_ms > now_ms:
                self._state.set_timer(due_ms, ALL_CLEAR, name)
                return
            self._send(duty.recipient, "resolved", over)
        self._books.tell([one.id for one in over], name, now_ms, "cleared")

    def _follow(self, alert: Alert) -> None:
        """Tell whom it is time to tell, and come back when it is for the next one."""
        state, now_ms = self._state, self._state.now_ms
        muted_ms = self.muting.until_ms(alert)
        if muted_ms is not None:
            self._books.wait_from(alert.id, alert.since_ms, muted_ms)
            due_ms = min(muted_ms, now_ms + _LOOK_MS_MAX)
            state.set_timer(due_ms, ALERT, str(alert.id))
            return
        if alert.muted_ms is not None:
            alert = alert._replace(since_ms=now_ms, muted_ms=None)
            self._books.wait_from(alert.id, now_ms, None)
        moments = list(self._moments(alert))
        due = [duty for at_ms, duty in moments if at_ms <= now_ms]
        if due:
            self._tell(alert, [duty.recipient for duty in due])
        later = [at_ms for at_ms, _ in moments if at_ms > now_ms]
        if later:
            state.set_timer(min(later), ALERT, str(alert.id))

    def _moments(self, alert: Alert) -> Iterator[tuple[int, Duty]]:
        """Who is still to be told of it, and when each one may be."""
        if not self._duties:
            return
        told = self._books.told(alert.id)
        line = self._state.openings.line(alert.site) if alert.site else []
        for name, duty in self._duties.items():
            one = duty.recipient
            if name not in told and one.concerns(alert.cause, alert.severity, line):
                due_ms = alert.since_ms + one.after_minutes * MINUTE_MS
                due_ms = max(due_ms, self._state.now_ms)
                yield duty.next_ms(due_ms, alert.severity), duty

    def _tell(self, alert: Alert, recipients: Sequence[Recipient]) -> None:
        higher = [one for one in recipients if one.after_minutes]
        if higher:
            names = ", ".join(one.name for one in higher)
            self._books.note(
                alert.id, self._state.now_ms, "escalated", text=f"to {names}"
            )
            more = {
                "recipients": [one.name for one in higher],
                "after_minutes": max(one.after_minutes for one in higher),
            }
            tell_change(self._state, alert.id, "alert.escalated", more)
        for one in recipients:
            self._tell_one(alert, one)

    def _tell_one(self, alert: Alert, recipient: Recipient) -> None:
        """At once, or in a digest when this one was told of many already."""
        state, now_ms, name = self._state, self._state.now_ms, recipient.name
        span_ms, limit = recipient.digest_minutes * MINUTE_MS, recipient.digest_above
        if self._books.told_since(name, now_ms - span_ms, limit) >= limit:
            if not self._books.waiting(name):
                state.set_timer(now_ms + span_ms, DIGEST, name)
            self._books.tell([alert.id], name, now_ms, "waiting")
            return
        self._books.tell([alert.id], name, now_ms, "told")
        self._books.note(alert.id, now_ms, "told", text=name)
        kind = "escalated" if recipient.after_minutes else "opened"
        self._send(recipient, kind, [alert])

    def _send(self, recipient: Recipient, kind: str, alerts: Sequence[Alert]) -> None:
        subject = str(alerts[0].id) if len(alerts) == 1 else f"{kind}:{recipient.name}"
        data = {
            "recipient": recipient.name,
            "notice": kind,
            "alerts": [_shown(one) for one in alerts[:TOGETHER_MAX]],
            "more": max(0, len(alerts) - TOGETHER_MAX),
        }
        self._state.emission.notify(
            event_of(self._state, NOTICE, subject, data, recipient.name)
        )


def _duties(alerting: Alerting, zone: tzinfo) -> dict[str, Duty]:
    return {
        one.name: Duty(one, ZoneInfo(one.time_zone) if one.time_zone else zone)
        for one in alerting.recipients
    }


def _shown(alert: Alert) -> dict[str, object]:
    resolved_ms = alert.resolved_ms
    return {
        "alert_id": alert.id,
        "cause": alert.cause,
        "severity": alert.severity,
        "state": alert.state,
        "device_id": alert.device_id,
        "site": alert.site,
        "text": alert.text,
        "opened_at": rfc3339(alert.opened_ms),
        "resolved_at": None if resolved_ms is None else rfc3339(resolved_ms),
    }
