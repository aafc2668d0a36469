"""When a day, a week or a month is over its figures are held against their targets.

Figures come from roll-ups: no rating is looked at.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import msgspec

from gateway.ledger.queries.counts import counts, sites_of
from gateway.ledger.queries.zones import terms
from gateway.ledger.targets import Misses
from gateway.processing.alerting.alerts import announce
from gateway.processing.memory.daybook import SETTLE_MS
from gateway.processing.state import State
from gateway.queries.counts import CountFilter, Terms
from gateway.queries.targets import Miss
from gateway.ratings.cells import Cell
from gateway.ratings.dimensions import Value, in_order
from gateway.ratings.figures import Asked, figures
from gateway.ratings.periods import NAMES, Period, period
from gateway.ratings.scoring import ScoreMaps, score_map
from gateway.ratings.targets import EACH, Target, below_targets
from gateway.rules import Rules

TARGET: Final = "target"
"""A kind of timer; its subject is the name of a period."""

TARGETS: Final = "targets"
"""The setting that holds the targets in force."""

MISSES_MAX: Final = 1_000
"""Groups below a target that one period tells of: the first, by name."""

_TARGETS: Final = msgspec.json.Decoder(list[Target])
_UNIT_OF: Final = {10: "day", 8: "week", 7: "month"}  # by the length of its name
_encode = msgspec.json.Encoder(order="sorted").encode


class TargetEnds:
    """Ends of periods, by the clocks of all sites."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._misses = Misses(state.store)

    def apply(self, targets: Iterable[Target]) -> None:
        """From the current period on these targets are looked at."""
        books = self._state.books
        running = {_UNIT_OF[len(name)] for name in books.subjects(TARGET)}
        today = self._state.openings.days(None).local_day(self._state.now_ms)
        for unit in sorted({one.period for one in targets} - running):
            self._wait_for(NAMES[unit](date.fromordinal(today)))

    def _wait_for(self, name: str) -> None:
        """Until a period is over everywhere, and late presses have come."""
        last = period(name).end.toordinal() - 1
        calendars = [one.calendar for one in self._state.rulings.named().values()]
        end_ms = max(one.day_end(last) for one in calendars)
        self._state.set_timer(end_ms + SETTLE_MS, TARGET, name)

    def look(self, name: str) -> None:
        """A period is over."""
        unit, days = _UNIT_OF[len(name)], period(name)
        text = self._state.books.setting(TARGETS)
        targets = [one for one in _TARGETS.decode(text or "[]") if one.period == unit]
        if not targets:
            return
        state = self._state  # what this transaction has counted counts, too
        state.counting.save(state.rules.time_zone, state.now_ms)
        in_force = terms(self._state.store.connection)
        for target in targets:
            self._hold(target, name, days, in_force)
        self._wait_for(NAMES[unit](days.end))

    def _hold(self, target: Target, name: str, days: Period, in_force: Terms) -> None:
        connection = self._state.store.connection
        exact = {key: one for key, one in target.scope.items() if one != EACH}
        wanted = CountFilter(
            group_by=tuple(target.scope),
            days=(days.first.toordinal(), days.end.toordinal()),
            scales=tuple(in_force.scales),
        )
        wanted = msgspec.structs.replace(wanted, **exact)
        (found,) = counts(connection, [wanted])
        sites = sites_of(connection, wanted)
        groups = [
            (dict(zip(target.scope, values, strict=True)), values) for values in found
        ]
        told = 0
        for key, values in sorted(groups, key=lambda one: in_order(one[0])):
            rules = in_force.book.over(sites.get(values, ())).rules
            asked = _asked(rules, in_force.scales)
            if told < MISSES_MAX:
                told += self._judge(
                    target, name, key, found[values], asked, in_force.revision
                )

    def _judge(
        self,
        target: Target,
        name: str,
        key: Mapping[str, Value],
        cell: Cell,
        asked: Asked,
        revision: str,
    ) -> bool:
        """Tell of a group that is below; a figure that is withheld is not."""
        shown = figures(cell, asked)
        for below in below_targets([target], key, shown):
            scope = _encode(key).decode()
            miss = Miss(
                name,
                below.figure,
                scope,
                revision,
                below.at_least,
                below.value,
                shown.rated,
                self._state.now_ms,
            )
            if self._misses.add(miss):
                self._tell(target, miss, key)
                return True
        return False

    def _tell(self, target: Target, miss: Miss, key: Mapping[str, Value]) -> None:
        data = {
            "figure": miss.figure,
            "value": miss.value,
            "target": miss.at_least,
            "n": miss.n,
            "scope": key,
            "period": miss.period,
            "unit": target.period,
            "rules_revision": miss.rules,
        }
        where = ",".join(f"{name}={value}" for name, value in sorted(key.items()))
        announce(self._state, "figure.below_target", f"{miss.figure}:{where}", data)


def _asked(rules: Rules, scales: ScoreMaps) -> Asked:
    """Verified figures by the rules in force."""
    scores = {int(level): score for level, score in rules.score_map.items()}
    return Asked(
        satisfied_levels=rules.satisfied_levels,
        scores=score_map(scores),
        scales=scales,
        min_n=rules.min_n,
    )
