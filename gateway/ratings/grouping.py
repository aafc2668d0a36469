"""Which session of its scope a rating or an event belongs to.

A scope is (site, session number, stage). Numbers come back, so one scope holds many
sessions. The answer is a function of the set of events and ratings, but for `n`: that
is given at the first fold, and kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.ratings.facts import RatingFact, SessionEvent
from gateway.ratings.policy import SessionRules
from gateway.ratings.workdays import Calendar

_RANK: Final = {"opened": 0, "invited": 1, "ended": 2, "cancelled": 3}
_LAST_RANK: Final = 4
FOLLOWUP: Final = "followup"
"""The round of an opinion after contact: linked, and never in effect."""
_FINISHING: Final = frozenset({"ended", "cancelled"})


class Group(NamedTuple):
    """One session of a scope; without events of its own it is implied by ratings."""

    n: int
    began_ms: int
    events: tuple[SessionEvent, ...]
    ratings: tuple[RatingFact, ...]

    @property
    def own(self) -> bool:
        return bool(self.events)


class Lasting(NamedTuple):
    """How long a session goes on that presses alone imply.

    By the moment of its first press: `ended` are the ends that were over before these
    terms came into force, `amendable` those of windows of amendment.
    """

    rules: SessionRules
    calendar: Calendar
    ended: Mapping[int, int] = {}
    amendable: Mapping[int, int] = {}

    def holds(self, began_ms: int, at_ms: int) -> bool:
        """Whether a press then is one more of it."""
        until_ms = self.ended.get(began_ms)
        if until_ms is None:
            until_ms = implied_until(began_ms, self.rules, self.calendar)
        return at_ms < until_ms

    def amend_until(self, first_ms: int) -> int:
        """The end of the window of amendment that a first press opens."""
        known = self.amendable.get(first_ms)
        if known is not None:
            return known
        days, unit = self.rules.amend_window_days, self.rules.day_unit
        return self.calendar.deadline(first_ms, days, unit).at_ms


def implied_until(began_ms: int, rules: SessionRules, calendar: Calendar) -> int:
    """Until when presses are of the session that one implies: while it is amended."""
    spanned_ms = began_ms + rules.implied_span_ms + 1
    window = calendar.deadline(began_ms, rules.amend_window_days, rules.day_unit)
    return max(spanned_ms, window.at_ms)


class _Draft:
    """A session while its members are being found."""

    def __init__(self, began_ms: int) -> None:
        self.began_ms = began_ms
        self.events: list[SessionEvent] = []
        self.ratings: list[RatingFact] = []

    def is_void(self) -> bool:
        return any(one.voided for one in self.ratings)

    def ids(self) -> list[str]:
        return [event.event_id for event in self.events] + [
            rating.rating_id for rating in self.ratings
        ]


def event_order(event: SessionEvent) -> tuple[int, int, str]:
    """The order of a scope's events: time, then what must come first, then id."""
    rank = _RANK.get(event.action, _LAST_RANK)
    return event.occurred_ms, rank, event.event_id


def rating_order(rating: RatingFact) -> tuple[int, str, int, str]:
    """The order of a session's ratings: time, device, seq (absent first), id."""
    seq = -1 if rating.seq is None else rating.seq
    return rating.occurred_ms, rating.device_id, seq, rating.rating_id


def group(
    events: Iterable[SessionEvent],
    ratings: Collection[RatingFact],
    lasting: Lasting,
    numbers: Mapping[str, int],
) -> list[Group]:
    """The sessions of a scope, the oldest first.

    `numbers` are those given before, by event_id and rating_id. A rating that no
    session holds implies one, unless it, or what it amends, waits: see `unplaced`. Of
    those that wait together a void makes a session.
    """
    drafts = _own(events, lasting.calendar, lasting.rules)
    implying: list[_Rooted] = []
    waiting: list[_Rooted] = []
    for rooted in _rooted(ratings):
        draft = _newest(drafts, rooted.root.occurred_ms)
        if draft is not None:
            draft.ratings.append(rooted.rating)
        else:
            (waiting if rooted.root.waits else implying).append(rooted)
    implied = _implied(implying, lasting) if implying else []
    if any(one.rating.voided for one in waiting):
        implied += [one for one in _implied(waiting, lasting) if one.is_void()]
    found = implied + drafts
    if len(found) > 1:
        found.sort(key=_draft_order)
    return _numbered(found, numbers)


def together(
    ratings: Iterable[RatingFact], lasting: Lasting
) -> list[tuple[RatingFact, ...]]:
    """Ratings by the sessions that they would imply; each in its session's order."""
    drafts = _implied(_rooted(ratings), lasting)
    return [tuple(sorted(one.ratings, key=rating_order)) for one in drafts]


def unplaced(
    ratings: Iterable[RatingFact], groups: Iterable[Group]
) -> list[RatingFact]:
    """The ratings that no session holds."""
    placed = {rating.rating_id for one in groups for rating in one.ratings}
    return [rating for rating in ratings if rating.rating_id not in placed]


def is_orphan(rating: RatingFact, rules: SessionRules, now_ms: int) -> bool:
    """Whether a rating that waits has done so long enough."""
    return now_ms >= rating.received_ms + rules.orphan_after_ms


def _own(
    events: Iterable[SessionEvent], calendar: Calendar, rules: SessionRules
) -> list[_Draft]:
    drafts: list[_Draft] = []
    for event in sorted(events, key=event_order):
        if not drafts or _begins_another(drafts[-1].events, event, calendar):
            before = drafts[-1] if drafts else None
            drafts.append(_Draft(_began(event, before, calendar, rules)))
        drafts[-1].events.append(event)
    return drafts


def _begins_another(
    events: Sequence[SessionEvent], event: SessionEvent, calendar: Calendar
) -> bool:
    """Whether an event cannot be one more of the session before it."""
    actions = {one.action for one in events}
    finished = not actions.isdisjoint(_FINISHING)
    if event.action == "opened" and "opened" not in actions:
        return finished
    if event.action == "opened" and (finished or "not_eligible" in actions):
        return True
    if event.action != "opened" and not finished:
        return False
    day_of = calendar.local_day
    return day_of(event.occurred_ms) != day_of(events[0].occurred_ms)


def _began(
    first: SessionEvent, before: _Draft | None, calendar: Calendar, rules: SessionRules
) -> int:
    """When a session began that is first heard of by this event.

    Unless that is its opening it began earlier: on that day, when the number was in
    use before.
    """
    if first.action == "opened":
        return first.occurred_ms
    earliest_ms = first.occurred_ms - rules.unopened_span_ms
    if before is None:
        return earliest_ms
    day_began_ms = calendar.day_end(calendar.local_day(first.occurred_ms) - 1)
    last_ms = before.events[-1].occurred_ms
    return min(max(earliest_ms, day_began_ms, last_ms + 1), first.occurred_ms)


class _Rooted(NamedTuple):
    """A rating with what it amends in the end."""

    root: RatingFact
    rating: RatingFact


def _rooted(ratings: Iterable[RatingFact]) -> list[_Rooted]:
    """In the order of a session's ratings."""
    ordered = sorted(ratings, key=rating_order)
    by_id = {rating.rating_id: rating for rating in ordered}
    return [_Rooted(_root(rating, by_id), rating) for rating in ordered]


def _root(rating: RatingFact, by_id: Mapping[str, RatingFact]) -> RatingFact:
    """What a rating amends in the end; of those that amend each other, the first."""
    seen = {rating.rating_id: rating}
    while (target := by_id.get(rating.amends or "")) is not None:
        rating = target
        if rating.rating_id in seen:
            return min(seen.values(), key=rating_order)
        seen[rating.rating_id] = rating
    return rating


def _newest(drafts: Sequence[_Draft], occurred_ms: int) -> _Draft | None:
    for draft in reversed(drafts):
        if draft.began_ms <= occurred_ms:
            return draft
    return None


def _implied(rooted: Iterable[_Rooted], lasting: Lasting) -> list[_Draft]:
    """The sessions that ratings imply, the oldest first."""
    found: list[_Draft] = []
    for one in sorted(rooted, key=lambda one: tuple(map(rating_order, one))):
        _imply(found, one.root.occurred_ms, one.rating, lasting)
    return found


def _imply(
    implied: list[_Draft], root_ms: int, rating: RatingFact, lasting: Lasting
) -> None:
    """Put a rating into the session that it and its neighbours imply.

    A second opinion is of the session before it, however long ago that was.
    """
    if not implied or not (
        rating.round == FOLLOWUP or lasting.holds(implied[-1].began_ms, root_ms)
    ):
        implied.append(_Draft(root_ms))
    implied[-1].ratings.append(rating)


def _draft_order(draft: _Draft) -> tuple[int, list[str]]:
    return draft.began_ms, sorted(draft.ids())


def _numbered(drafts: Sequence[_Draft], numbers: Mapping[str, int]) -> list[Group]:
    """Give each session the least number its members had, or the next one."""
    given = [
        min((numbers[name] for name in draft.ids() if name in numbers), default=0)
        for draft in drafts
    ]
    free = max(numbers.values(), default=0)
    taken: set[int] = set()
    groups = []
    for draft, known in zip(drafts, given, strict=True):
        n = known
        if not n or n in taken:
            free += 1
            n = free
        taken.add(n)
        groups.append(
            Group(n, draft.began_ms, tuple(draft.events), tuple(draft.ratings))
        )
    return groups
