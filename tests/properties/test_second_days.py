"""Days' ends of made-up terminals are recorded as the rules' words have it."""

import json
import random
from collections.abc import Iterator
from datetime import date
from operator import itemgetter
from typing import Any, Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.ports import Record
from tests.support.folding import FoldedLedger, element, message
from tests.support.second_days import (
    DAY_MS,
    HOUR,
    MINUTE_MS,
    REFUSED,
    Beat,
    Event,
    Terminal,
    days_of,
)

MONDAY_MS: Final = 1_795_363_200_000
DAYS: Final = 3
TICK_MS: Final = 30 * MINUTE_MS
SITES: Final = {"d-1": "hall", "d-2": "hall", "d-3": "annex"}
MONDAY: Final = date(2026, 11, 23).toordinal()
SUMS: Final = (
    *("accepted", "other", "duplicate", "flagged", "quarantined", "missing"),
    *("presses", "unexplained"),
)


def told(one: Event | Beat, at_ms: int) -> Record:
    """As its terminal sends it."""
    boot = f"boot-{one.boot}"
    if isinstance(one, Beat):
        beat = {"v": 1, "key_counts": [one.keys], "last_seq": one.seq, "boot_id": boot}
        return message(one.device, beat, at_ms, "heartbeat")
    known = {"seq": one.seq, "boot_id": boot, "occurred_at": one.at_ms}
    known["session_id"] = one.name
    if not one.pressed:
        ended = {"v": 1, "event_id": one.name, "action": "ended", **known}
        return message(one.device, ended, at_ms, "session")
    known["prompt_delay_ms"] = 100 if one.fate == "flagged" else 4_000
    level = 9 if one.fate == "bad" else 5
    return message(one.device, element(one.name, level, **known), at_ms)


def lived(terminals: list[Terminal]) -> FoldedLedger:
    """Everything as it comes, a tick each half hour, until nothing is corrected."""
    world = FoldedLedger(start_ms=MONDAY_MS)
    world.rules()
    rows = [{"device_id": name, "site": site} for name, site in SITES.items()]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    coming: list[tuple[int, int, Event | Beat | None]] = []
    for terminal in terminals:
        for one in terminal.log:
            times = [one.at_ms] if isinstance(one, Beat) else one.came_ms
            coming += [(at_ms, len(coming) + at, one) for at, at_ms in enumerate(times)]
    end_ms = MONDAY_MS + (DAYS + 1) * DAY_MS + 2 * HOUR * MINUTE_MS
    for at_ms in range(MONDAY_MS + TICK_MS, end_ms, TICK_MS):
        coming.append((at_ms, len(coming), None))
    for at_ms, _, what in sorted(coming, key=itemgetter(0, 1)):
        world.clock.advance(max(0, at_ms - world.clock.wall_ms()))
        world.take(*([] if what is None else [told(what, at_ms)]))
    return world


def recorded(world: FoldedLedger, site: str) -> dict[int, dict[str, Any]]:
    """By the number of the day."""
    rows = world.all("SELECT day, data FROM reconciliation WHERE site = ?", site)
    return {day - MONDAY: json.loads(data) for day, data in rows}


def kept_at_once(terminals: list[Terminal], day: int) -> Iterator[Event]:
    """The presses that came when they were made, and were accepted."""
    for terminal in terminals:
        for one in terminal.events(day):
            if one.pressed and one.at_ms in one.came_ms and one.fate not in REFUSED:
                yield one


def check(seed: int) -> None:
    dice = random.Random(seed)
    terminals = [Terminal(name, MONDAY_MS) for name in SITES]
    for terminal in terminals:
        terminal.live(dice, DAYS)
    world = lived(terminals)
    for site in dict.fromkeys(SITES.values()):
        here = [one for one in terminals if SITES[one.device] == site]
        records = recorded(world, site)
        told = [days_of(one, DAYS, min(records, default=DAYS)) for one in here]
        for day, ours in enumerate(zip(*told, strict=True)):
            if day not in records:  # a site's days begin as its first rating comes
                assert not any(kept_at_once(here, day))
                continue
            expected = {name: sum(one[name] for one in ours) for name in SUMS}
            expected["unequal"] = sum(not one["equal"] for one in ours)
            theirs = {name: records[day][name] for name in expected}
            assert theirs == expected, (seed, site, day)
            named = [one["device_id"] for one in records[day]["named"]]
            unequal = zip(here, ours, strict=True)
            assert named == [one.device for one, it in unequal if not it["equal"]]
    assert world.accounted()
    world.close()


@settings(max_examples=5, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32))
def test_each_day_of_each_site_is_recorded_as_it_was(seed: int) -> None:
    check(seed)
