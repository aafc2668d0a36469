"""What our own roles tell: the link, the journal, the sinks; mostly alarms."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from gateway.acts import (
    CANARIES_ARRIVED,
    SINK_COUNTS,
    CanariesArrivedAct,
    SinkCountsAct,
)
from gateway.processing.acts.acting import (
    Context,
    Data,
    Handling,
    Outcome,
    handling,
    nothing,
)
from gateway.processing.alerting.alerts import raise_alert, resolve_alert
from gateway.processing.days.sink_days import SinkEnds
from gateway.processing.upkeep.gauging import gauge_sinks
from gateway.processing.upkeep.standings import SINK_STANDINGS, StandingsAct


def _link_up(context: Context, _data: Data) -> Outcome:
    context.state.linked = 1
    resolve_alert(context.state, "link_down", "broker", "connected again")
    resolve_alert(context.state, "take_over", "broker", "connected again")
    return {}


def _link_down(context: Context, _data: Data) -> Outcome:
    context.state.linked = 0
    context.state.inattentive = 1
    context.state.accountant.attend(context.state.now_ms)
    return {}


def _intake_resumed(context: Context, _data: Data) -> Outcome:
    context.state.inattentive = 1
    context.state.accountant.attend(context.state.before_ms)
    return {}


def _link_drained(context: Context, _data: Data) -> Outcome:
    """All that waited for us has been read: from now on silence is a sign."""
    context.state.inattentive = 0
    context.state.attentive_ms = context.state.now_ms
    context.state.accountant.attend(context.state.now_ms)
    return {}


class _Shown(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"(no {key})"


def _alarm(cause: str, subject: str, severity: str, text: str) -> Handling[Data]:
    """An act that only opens an alert; `text` may name fields of the act."""

    def alarm(context: Context, data: Data) -> Outcome:
        shown = text.format_map(_Shown(data))
        raise_alert(context.state, cause, subject, severity, shown)
        return {}

    return handling(Data, alarm)


def _resolve(cause: str, subject: str, text: str) -> Handling[Data]:
    def resolve(context: Context, _data: Data) -> Outcome:
        resolve_alert(context.state, cause, subject, text)
        return {}

    return handling(Data, resolve)


_SINK_TEXTS: Final = {
    "held": "answers everything with a refusal: its events are held",
    "disabled": "answered 410: nothing is sent until an operator enables it",
    "open": "does not answer: its events are owed",
}


class _SinkState(msgspec.Struct):
    name: str
    state: str
    alarm: bool = False
    error: str | None = None


def _sink_state_changed(context: Context, news: _SinkState) -> Outcome:
    text = _SINK_TEXTS.get(news.state)
    if text is None and news.alarm:
        text = "refuses us: an operator has to act"
    if text is None:
        resolve_alert(context.state, "sink", news.name, "delivers again")
    else:
        severity = "warning" if news.state == "open" else "critical"
        full = f"sink {news.name} {text} ({news.error})"
        raise_alert(context.state, "sink", news.name, severity, full)
    return {}


def _sink_counts(context: Context, told: SinkCountsAct) -> Outcome:
    SinkEnds(context.state).confirm(told)
    return {}


def _sink_standings(context: Context, told: StandingsAct) -> Outcome:
    gauge_sinks(context.state, told.sinks)
    return {}


def _canaries_arrived(context: Context, told: CanariesArrivedAct) -> Outcome:
    context.state.canaries.arrived(told.arrivals)
    return {}


class _GivenUp(msgspec.Struct):
    name: str
    count: int = 0
    why: str = "owed beyond its bounds"


def _events_given_up(context: Context, news: _GivenUp) -> Outcome:
    text = f"sink {news.name} never took {news.count} events: {news.why}, given up"
    raise_alert(context.state, "events_given_up", news.name, "critical", text)
    return {}


class _Gap(msgspec.Struct):
    expected: int = 0
    found: int = 1
    cause: str = "mark"


def _gap(context: Context, gap: _Gap) -> Outcome:
    blocks = blocks_in_words(gap.expected, gap.found - 1)
    text = f"{blocks} of the journal: gone, though the {gap.cause} knew of it"
    raise_alert(context.state, "gap", "journal", "critical", text)
    return {}


_DAMAGE_TEXTS: Final = {
    "chain": "{blocks} of the journal: the header is not the one that was written",
    "body": "{blocks} of the journal: the content is not what was written",
    "missing": "{blocks} of the journal: gone",
    "replaced": "{blocks} of the journal: another block of this number was there once",
    "unreadable": "the journal's file was damaged: what was legible is kept, the file"
    " itself lies beside it as journal.db.damaged-N",
    "mark": "the journal's high-water mark was spoilt, and is made again",
}


class _JournalDamaged(msgspec.Struct):
    kind: str = "damaged"
    first: int = 0
    last: int = 0
    more: int = 0


def _journal_damaged(context: Context, damage: _JournalDamaged) -> Outcome:
    blocks = blocks_in_words(damage.first, damage.last)
    text = _DAMAGE_TEXTS.get(damage.kind, "{blocks} of the journal: " + damage.kind)
    more = f"; {damage.more} more places" if damage.more else ""
    full = f"{text.format(blocks=blocks)}{more} (run verify)"
    raise_alert(context.state, "journal_damaged", "journal", "critical", full)
    return {}


def blocks_in_words(first: int, last: int) -> str:
    """One block, or a range of them with both ends."""
    return f"block {first}" if first == last else f"blocks {first} to {last}"


def _carried(carry: Callable[[Context, Data], Outcome]) -> Handling[Data]:
    return handling(Data, carry)


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "sink_state_changed": handling(_SinkState, _sink_state_changed),
    "events_given_up": handling(_GivenUp, _events_given_up),
    CANARIES_ARRIVED: handling(CanariesArrivedAct, _canaries_arrived),
    SINK_STANDINGS: handling(StandingsAct, _sink_standings),
    SINK_COUNTS: handling(SinkCountsAct, _sink_counts),
    "intake_resumed": _carried(_intake_resumed),
    "link_up": _carried(_link_up),
    "link_down": _carried(_link_down),
    "link_failed": _alarm(
        "link_down", "broker", "critical", "the broker cannot be reached: {reason}"
    ),
    "link_drained": _carried(_link_drained),
    "clock_accepted": _carried(nothing),  # the block's own flags say that it is
    "session_lost": _alarm(
        "session_lost",
        "broker",
        "critical",
        "the broker lost our session: its queue is gone, unless terminals resend",
    ),
    "take_over": _alarm(
        "take_over",
        "broker",
        "critical",
        "another client took our client id over: is a second gateway running?",
    ),
    "subscription_refused": _alarm(
        "subscription_refused",
        "broker",
        "critical",
        "the broker refused subscriptions: {refused}",
    ),
    "subscription_granted": _resolve(
        "subscription_refused", "broker", "every subscription is granted"
    ),
    "settings_gate_expired": _alarm(
        "settings_gate",
        "process",
        "warning",
        "took in messages before the settings were applied",
    ),
    "disk_full": _alarm(
        "disk_full",
        "journal",
        "critical",
        "the journal's disk is full: nothing is acknowledged",
    ),
    "disk_freed": _resolve("disk_full", "journal", "the journal grows again"),
    "gap": handling(_Gap, _gap),
    "journal_damaged": handling(_JournalDamaged, _journal_damaged),
}
