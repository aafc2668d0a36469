"""Presses in any order and any blocks: the same flags, evidence and figures."""

import json
import random
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ports import Record
from tests.support.folding import START_MS, FoldedLedger, element, message
from tests.support.recount import recounted

SECOND = 1_000
HOUR = 3_600 * SECOND
ZONE = "Asia/Shanghai"
DEVICES = ("eval-0001", "eval-0002")
SITE = {"id": "hall", "name": "hall", "hours": "mon-sun 09:00-20:00"}
# What comes after so many others of its terminal is compared with fewer of them.
PRESSES_MAX = 28

MOMENTS = st.one_of(
    st.sampled_from([0, 50, 100, 101, 4_000, 5_000, 5_001, 9_000, 60_000, 61_000]),
    st.integers(0, 14).map(lambda number: number * 4_000),  # a beat, and a burst
    st.integers(0, 200_000),
)
PRESSES = st.lists(
    st.tuples(
        st.sampled_from(DEVICES),
        MOMENTS,
        st.sampled_from([5, 5, 5, 1]),
        st.sampled_from([None, None, None, "A1", "A2"]),
    ),
    max_size=PRESSES_MAX,
)
SERVICES = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2"]),
        st.sampled_from(["opened", "ended"]),
        st.sampled_from([-3 * HOUR, 0, 3_000, 30_000, 120_000]),
    ),
    max_size=4,
    unique_by=lambda one: one[:2],
)
Press = tuple[str, int, int, str | None]
Service = tuple[str, str, int]


def records(presses: list[Press], services: list[Service]) -> list[Record]:
    """All of them come when the last one was pressed, within the hour."""
    now_ms = START_MS + 600 * SECOND
    found = []
    for number, (device, after_ms, level, session) in enumerate(presses):
        fields = {"session_id": session} if session else {}
        body = element(
            f"event-{number:04d}", level, occurred_at=START_MS + after_ms, **fields
        )
        found.append(message(device, body, now_ms))
    for number, (session, action, after_ms) in enumerate(services):
        body = {"v": 1, "event_id": f"event-s{number:03d}", "session_id": session}
        body |= {"action": action, "occurred_at": START_MS + after_ms}
        found.append(message(DEVICES[0], body, now_ms, "session"))
    return found


def taken(some: list[Record], dice: random.Random, multi_press: str) -> FoldedLedger:
    """The ledger after these records, in blocks of any size, some after a restart."""
    ledger = FoldedLedger()
    ledger.rules(multi_press=multi_press)
    ledger.act("tables_applied", {"table": "sites", "rows": [SITE]})
    rows = [{"device_id": one, "site": "hall", "window": one[-1]} for one in DEVICES]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    while some:
        size = dice.randint(1, 6)
        ledger.take(*some[:size])
        some = some[size:]
        if dice.random() < 0.1:
            ledger.restart()
    return ledger


def flags(ledger: FoldedLedger) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Of each rating its effect, its flags and what they rest on."""
    rows = ledger.all(
        "SELECT device_id, event_id, effective, flags, details ->> '$.evidence',"
        " details ->> '$.kept_out' FROM rating JOIN device ON no = device_no"
    )
    return {
        (device, event): (
            effective,
            frozenset(json.loads(names or "[]")),
            json.loads(evidence or "{}"),
            kept_out,
        )
        for device, event, effective, names, evidence, kept_out in rows
    }


def counts(ledger: FoldedLedger) -> Counter[tuple[str, str, str]]:
    """What was counted, by hour and slot, whatever numbers keys have."""
    found: Counter[tuple[str, str, str]] = Counter()
    for key, part, device, slot, count in ledger.all(
        "SELECT key >> 36, part, device_no, key & 63, count FROM figure_hour"
        " JOIN figure_key ON no = (key >> 6) & ((1 << 30) - 1)"
    ):
        found[key, part, f"{device}:{slot}"] += count
    return found


@settings(max_examples=25, deadline=None)
@given(
    PRESSES,
    SERVICES,
    st.sampled_from(["first", "last"]),
    st.randoms(use_true_random=False),
)
def test_any_order_and_any_blocks_flag_alike(
    presses: list[Press],
    services: list[Service],
    multi_press: str,
    dice: random.Random,
) -> None:
    some = records(presses, services)
    whole = taken(some, dice, multi_press)
    dice.shuffle(some)
    other = taken(some, dice, multi_press)
    assert flags(other) == flags(whole)
    assert counts(other) == counts(whole)
    again = other.refolded(blocks=dice.randint(1, 8))
    assert flags(again) == flags(other)
    for include_flagged in (False, True):
        own = recounted(other, (), ZONE, include_flagged=include_flagged)
        assert own == recounted(whole, (), ZONE, include_flagged=include_flagged)
    for ledger in (whole, other, again):
        ledger.close()
