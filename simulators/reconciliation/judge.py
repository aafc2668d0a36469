"""Each store against the book: missing, extra, altered, late.

`Scope` says which ratings are of this run: those of its terminals whose ids were made
since it began. So a ledger may hold earlier runs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulators.reconcile import RECORDED, Findings, HeldPoint, TakenEvent, millis
from simulators.reconciliation.stores import HeldRating
from simulators.simulate.book import Book, Event, Range
from simulators.simulate.presses import born_ms

_NS_PER_MS = 1_000_000
_EARLY_MS = 5_000  # by how much a gateway's clock may be behind the terminals'


class Scope(NamedTuple):
    """Ratings of this run; late: `late_ms` after the broker took it."""

    prefix: str
    book: Book
    late_ms: int

    def covers(self, rating_id: str) -> bool:
        device_id, _, event_id = rating_id.partition(":")
        if not device_id.startswith(f"{self.prefix}-"):
            return False
        born = born_ms(event_id)
        return born is None or born >= self.book.began_ms - _EARLY_MS


@dataclass
class Checked(Findings):
    """Findings of one store, with those that came late and those that never had to.

    `unsure` were sent without ever being acknowledged, and are not there.
    """

    late: int = 0
    unsure: int = 0
    details: dict[str, Any] = field(default_factory=dict)


def new_findings(scope: Scope, *, live: bool) -> Checked:
    events = scope.book.events.values()
    return Checked(sum(event.certain and (event.live or not live) for event in events))


def judge_ledger(scope: Scope, ratings: Iterable[HeldRating]) -> Checked:
    """Exactly one rating for each press, with its level and its time.

    Of a press that is there twice one is extra, and the better one is judged.
    """
    found = new_findings(scope, live=False)
    seen: set[str] = set()
    wrong: set[str] = set()
    qualities: Counter[str] = Counter()
    for one in ratings:
        if not scope.covers(one.rating_id):
            continue
        found.held += 1
        event = scope.book.events.get(one.rating_id)
        if event is None or not event.sendings:
            found.note("extra", one.rating_id)
            continue
        right = (
            one.level == event.level
            and one.time_quality in event.qualities
            and _fits(scope, event, one.occurred_ms, one.time_quality)
            and event.effective in {None, int(one.effective)}
        )
        if one.rating_id in seen:
            found.note("extra", one.rating_id)
            if right:
                wrong.discard(one.rating_id)
            continue
        seen.add(one.rating_id)
        qualities[one.time_quality] += 1
        if not right:
            wrong.add(one.rating_id)
        if one.received_ms - event.on_its_way_ms > scope.late_ms:
            found.note("late", one.rating_id)
    for rating_id in sorted(wrong):
        found.note("altered", rating_id)
    found.details["time_quality"] = dict(qualities)
    return _with_missing(scope, found, seen, live=False)


def judge_points(scope: Scope, points: Iterable[HeldPoint]) -> Checked:
    """Exactly one point for each live press, whether it counts or not."""
    found = new_findings(scope, live=True)
    seen: set[str] = set()
    for point in points:
        if not scope.covers(point.rating_id):
            continue
        found.held += 1
        event = scope.book.events.get(point.rating_id)
        if event is None or point.rating_id in seen or not _may_leave(event):
            found.note("extra", point.rating_id)
            continue
        seen.add(point.rating_id)
        right = (
            point.level == event.level
            and event.effective in {None, point.effective}
            and _fits(scope, event, point.time_ns // _NS_PER_MS)
        )
        if not right:
            found.note("altered", point.rating_id)
    return _with_missing(scope, found, seen, live=True)


def judge_events(scope: Scope, events: Iterable[TakenEvent]) -> Checked:
    """One `rating.recorded` for each live press; the same id again is no damage."""
    found = new_findings(scope, live=True)
    ids: dict[str, str] = {}
    other: Counter[str] = Counter()
    for told in events:
        if told.type != RECORDED:
            other[told.type] += 1
            continue
        rating_id = told.rating_id
        if not scope.covers(rating_id):
            continue
        event, known = scope.book.events.get(rating_id), ids.get(rating_id)
        if event is None or known not in {None, told.id} or not _may_leave(event):
            found.note("extra", told.id)
            continue
        if known is not None:
            found.repeated += 1
        else:
            ids[rating_id] = told.id
            found.held += 1
            if told.at_ms - event.on_its_way_ms > scope.late_ms:
                found.note("late", told.id)
        if not _tells(scope, event, told.data):
            found.note("altered", told.id)
    found.other = dict(other)
    return _with_missing(scope, found, ids.keys(), live=True)


def judge_receipts(scope: Scope, held: Iterable[str]) -> Checked:
    """Each level A press has its receipt; what has one is in the ledger.

    `held` are the rating_ids of the ledger.
    """
    ledger = set(held)
    aware = [one for one in scope.book.events.values() if one.kind == "A"]
    found = Checked(sum(event.taken > 0 for event in aware))
    for event in aware:
        found.held += event.receipted
        if event.refused:
            found.note("altered", f"{event.rating_id}: refused, {event.refused}")
        elif event.taken and not event.receipted:
            found.note("missing", f"{event.rating_id}: no receipt")
        elif event.receipted and event.rating_id not in ledger:
            found.note("missing", f"{event.rating_id}: receipted, not in the ledger")
    return found


def judge_counts(expected: Mapping[str, Range], counted: Mapping[str, int]) -> Checked:
    """Counts against ranges: fewer are missing, more came again or came otherwise."""
    found = Checked(sum(low for low, _ in expected.values()))
    for name, (low, high) in sorted(expected.items()):
        count = counted.get(name, 0)
        found.held += count
        if count < low:
            found.missing += low - count
            found.examples.setdefault("missing", []).append(f"{name}: {count} < {low}")
        elif count > high:
            found.repeated += count - high
            found.examples.setdefault("repeated", []).append(
                f"{name}: {count} > {high}"
            )
        found.details[name] = {"low": low, "high": high, "counted": count}
    return found


def _may_leave(event: Event) -> bool:
    """Whether a sink may hear of it at all."""
    return event.live and event.sendings > 0


def _fits(scope: Scope, event: Event, moment_ms: int, quality: str = "") -> bool:
    """Whether a rating's time is what its terminal claimed, or could be its press."""
    as_claimed = moment_ms == event.claimed_ms
    corrected = "zone_corrected" in event.qualities and quality != "device"
    if event.exact and not corrected:
        return as_claimed
    plausible = (
        event.pressed_ms - _EARLY_MS <= moment_ms <= scope.book.ended_ms + scope.late_ms
    )
    return plausible or (event.exact and as_claimed and quality != "zone_corrected")


def _tells(scope: Scope, event: Event, data: Mapping[str, Any]) -> bool:
    same = (
        data.get("event_id") == event.event_id
        and data.get("device_id") == event.device_id
        and data.get("level") == event.level
        and data.get("session_id") == event.session_id
        and data.get("employee_id") == event.employee_id
        and data.get("time_quality") in event.qualities
    )
    quality = str(data.get("time_quality"))
    return same and _fits(scope, event, millis(str(data.get("occurred_at"))), quality)


def _with_missing(
    scope: Scope, found: Checked, seen: Iterable[str], *, live: bool
) -> Checked:
    there = set(seen)
    for rating_id, event in scope.book.events.items():
        if rating_id in there or (live and not event.live):
            continue
        if event.certain and not event.refused:
            found.note("missing", rating_id)
        elif event.sendings:
            found.unsure += 1
    return found
