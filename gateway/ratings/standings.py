"""How every rating of a session stands: in effect, amended, late, void, flagged.

Wraps the choice among presses (`sessions.settle`) with the rules that need a session's
end: late ratings, amendments counted in working days, voids. Source: rating rules.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.ratings.defaults import DEFAULT_ORIGINS
from gateway.ratings.facts import RatingFact, Void
from gateway.ratings.flags import Evidence, Flag, FlagRules, Pressed
from gateway.ratings.grouping import rating_order
from gateway.ratings.neighbours import among
from gateway.ratings.policy import SessionRules
from gateway.ratings.sessions import (
    AMENDED,
    DOUBLE_PRESS,
    REPEAT,
    Press,
    Settlement,
    Standing,
    settle,
)

LATE: Final = "late"
RAISED: Final = "raised_at_counter"
VOIDED: Final = "rating.voided"


_FLAG_RULES: Final = FlagRules()


class Stand(NamedTuple):
    """How one rating stands; `by` amends or supersedes it.

    `evidence` says by the flag's name what it rests on.
    """

    effective: bool = False
    flags: tuple[str, ...] = ()
    replaced: str | None = None
    by: str | None = None
    evidence: Mapping[str, Evidence] = MappingProxyType({})

    def flagged(self, flag: Flag) -> "Stand":
        """The same with one more flag."""
        evidence = {**self.evidence, flag.name: flag.evidence}
        return self._replace(flags=(*self.flags, flag.name), evidence=evidence)


class Choice(NamedTuple):
    """Every rating's stand by rating_id; the one in effect.

    `chain` are the versions of the session's answer, oldest first, also when void;
    `first_ms` is when the amendment window opened; `void` what made all of it void.
    """

    stands: Mapping[str, Stand]
    effective: RatingFact | None
    chain: tuple[RatingFact, ...]
    first_ms: int | None
    void: Void | None


_IN_EFFECT: Final = Stand(effective=True)
NOTHING_CHOSEN: Final = Choice({}, None, (), None, None)


def choose(
    ratings: Sequence[RatingFact],
    voids: Sequence[Void],
    rules: SessionRules,
    deadline_ms: int | None,
    amend_until: Callable[[int], int],
) -> Choice:
    """Choose the rating in effect, whatever the order in which all of it came."""
    if not ratings:
        return NOTHING_CHOSEN
    if len(ratings) == 1 and not voids:
        quick = _alone(ratings[0], deadline_ms)
        if quick is not None:
            return quick
    ordered = sorted(ratings, key=rating_order)
    late = _late(ordered, deadline_ms)
    kept_out = late if rules.late_rating != "replace" else frozenset()
    candidates = [one for one in ordered if one.rating_id not in kept_out]
    settlement = settle(map(_press, candidates), rules.policy, amend_until)
    stands = _stands(ordered, settlement, late)
    chain = _chain(ordered, stands)
    _give_evidence(ordered, chain, stands, deadline_ms)
    _flag_raised(ordered, chain, stands, rules)
    _flag_neighbours(ordered, stands)
    void = _void(chain, voids, stands)
    effective = chain[-1] if chain and void is None else None
    customers = [one for one in chain if one.origin not in DEFAULT_ORIGINS]
    first_ms = customers[0].occurred_ms if customers else None
    return Choice(stands, effective, chain, first_ms, void)


def _alone(rating: RatingFact, deadline_ms: int | None) -> Choice | None:
    """What nearly all sessions have: one answer, in time."""
    if rating.round != "initial":
        return None
    if rating.origin in DEFAULT_ORIGINS:
        first_ms = None
    elif deadline_ms is None or rating.occurred_ms < deadline_ms:
        first_ms = rating.occurred_ms
    else:
        return None
    return Choice({rating.rating_id: _IN_EFFECT}, rating, (rating,), first_ms, None)


def _press(rating: RatingFact) -> Press:
    return Press(
        rating.place,
        rating.rating_id,
        rating.device_id,
        rating.seq,
        rating.occurred_ms,
        rating.origin,
        rating.round,
        rating.amends,
    )


def _late(ordered: Sequence[RatingFact], deadline_ms: int | None) -> frozenset[str]:
    """The customer's ratings after the deadline, when none came before it."""
    if deadline_ms is None:
        return frozenset()
    customers = [
        one
        for one in ordered
        if one.round == "initial" and one.origin not in DEFAULT_ORIGINS
    ]
    if customers and customers[0].occurred_ms < deadline_ms:
        return frozenset()
    return frozenset(one.rating_id for one in customers)


def _stands(
    ordered: Sequence[RatingFact], settlement: Settlement, late: frozenset[str]
) -> dict[str, Stand]:
    stands: dict[str, Stand] = {}
    nothing = Standing(effective=False)
    for rating in ordered:
        one = settlement.standings.get(rating.place, nothing)
        flags = () if one.flag is None else (one.flag,)
        if rating.rating_id in late:
            flags = (LATE, *flags)
        stands[rating.rating_id] = Stand(one.effective, flags, one.replaced, one.by)
    return stands


def _chain(
    ordered: Sequence[RatingFact], stands: Mapping[str, Stand]
) -> tuple[RatingFact, ...]:
    """The versions of the answer, oldest first: what was amended, what is in effect."""
    amended = [one for one in ordered if stands[one.rating_id].replaced == AMENDED]
    effective = [one for one in ordered if stands[one.rating_id].effective]
    return (*amended, *effective)


def _flag_raised(
    ordered: Sequence[RatingFact],
    chain: Sequence[RatingFact],
    stands: dict[str, Stand],
    rules: SessionRules,
) -> None:
    """Flag what raises the level at the same window soon after the first answer."""
    if not chain or len(ordered) == 1:
        return
    first = chain[0]
    for one in ordered:
        stand = stands[one.rating_id]
        if one is first or one.round != "initial" or DOUBLE_PRESS in stand.flags:
            continue
        soon = 0 <= one.occurred_ms - first.occurred_ms <= rules.raised_within_ms
        answers = not DEFAULT_ORIGINS & {one.origin, first.origin}
        if soon and _same_desk(one, first) and answers and one.level > first.level:
            evidence: Evidence = {
                "first": first.rating_id,
                "from_level": first.level,
                "after_ms": one.occurred_ms - first.occurred_ms,
            }
            stands[one.rating_id] = stand.flagged(Flag(RAISED, evidence))


def _same_desk(one: RatingFact, other: RatingFact) -> bool:
    """Whether two were given at one window; a terminal without one is its own."""
    if one.window is None and other.window is None:
        return one.at_terminal and one.device_id == other.device_id
    return one.window == other.window


def _give_evidence(
    ordered: Sequence[RatingFact],
    chain: Sequence[RatingFact],
    stands: dict[str, Stand],
    deadline_ms: int | None,
) -> None:
    """Say what the flags of the choice rest on."""
    for one in ordered:
        stand = stands[one.rating_id]
        if not stand.flags:
            continue
        evidence: dict[str, Evidence] = {}
        if LATE in stand.flags and deadline_ms is not None:
            evidence[LATE] = {"deadline_ms": deadline_ms}
        if DOUBLE_PRESS in stand.flags and chain:
            apart_ms = abs(one.occurred_ms - chain[0].occurred_ms)
            counts = chain[0].rating_id
            evidence[DOUBLE_PRESS] = {"apart_ms": apart_ms, "counts": counts}
        if REPEAT in stand.flags and chain:
            evidence[REPEAT] = {"counts": chain[-1].rating_id}
        stands[one.rating_id] = stand._replace(evidence=evidence)


def _flag_neighbours(ordered: Sequence[RatingFact], stands: dict[str, Stand]) -> None:
    """Flag presses of one session that no customer makes: by device, as a set."""
    devices: dict[str, list[Pressed]] = {}
    for one in ordered:
        if one.round == "initial" and one.origin not in DEFAULT_ORIGINS:
            key = one.level if one.key is None else one.key
            pressed = Pressed(one.occurred_ms, key, one.rating_id, one.exact)
            devices.setdefault(one.device_id, []).append(pressed)
    for presses in devices.values():
        for name, flags in among(presses, _FLAG_RULES).items():
            for flag in flags:
                stands[name] = stands[name].flagged(flag)


def _void(
    chain: Sequence[RatingFact], voids: Iterable[Void], stands: dict[str, Stand]
) -> Void | None:
    """Apply voids; the first of those that make the whole session void.

    One of the rating in effect, or of an earlier version of it, takes all with it; one
    of a press without effect takes that press.
    """
    versions = {one.rating_id for one in chain}
    first: Void | None = None
    for void in sorted(voids, key=lambda one: (one.at_ms, one.rating_id, one.by)):
        if void.rating_id in versions:
            first = first or void
        elif void.rating_id in stands:
            stand = stands[void.rating_id]
            stands[void.rating_id] = stand._replace(replaced=VOIDED)
    if first is not None:
        for rating_id in versions:
            stand = stands[rating_id]
            stands[rating_id] = stand._replace(effective=False, replaced=VOIDED)
    return first
