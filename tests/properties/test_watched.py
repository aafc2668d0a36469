"""Presence and alerts follow from what came when, however it was delivered."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ports import Record
from tests.support.folding import START_MS, FoldedLedger, message

DEVICES: Final = ("eval-0001", "eval-0002", "eval-0003")
MINUTE_MS: Final = 60_000
GAPS_MS: Final = (20_000, MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS)
END_MS: Final = START_MS + 70 * MINUTE_MS
_LATE: Final = ("/rating", "/selftest")


def _spoken(dice: random.Random, device: str, at_ms: int, turn: int) -> Record:
    kind = dice.choice(("heartbeat",) * 5 + ("rating", "selftest", "will", "birth"))
    event_id = f"event-{turn:05d}"
    if kind == "rating":
        body = {"event_id": event_id, "level": 5, "occurred_at": at_ms}
        return message(device, {"v": 1, **body}, at_ms)
    if kind == "selftest":
        item = {"code": "display", "result": dice.choice(("pass", "fail"))}
        body = {"event_id": event_id, "occurred_at": at_ms, "trigger": "boot"}
        return message(device, {"v": 1, **body, "items": [item]}, at_ms, kind)
    if kind != "heartbeat":
        body = {"state": "offline" if kind == "will" else "online", "conn_id": "c1"}
        return message(device, {"v": 1, **body}, at_ms, "presence")
    return message(device, _beat(dice, at_ms), at_ms, kind)


def _beat(dice: random.Random, at_ms: int) -> dict[str, object]:
    return {
        "v": 1,
        "occurred_at": at_ms - dice.choice((100, 100, 180_000)),
        "boot_id": dice.choice(("b1", "b1", "b1", "b2")),
        "battery_pct": dice.choice((80, 80, 12)),
        "faults": dice.choice(([], [], ["rtc"])),
    }


def stream(seed: int) -> list[Record]:
    """An hour of a few terminals, in the order of receipt; then they are well."""
    dice = random.Random(seed)
    spoken: list[Record] = []
    for device in DEVICES:
        at_ms = START_MS + dice.randrange(MINUTE_MS)
        while at_ms < END_MS:
            spoken.append(_spoken(dice, device, at_ms, len(spoken)))
            at_ms += dice.choice(GAPS_MS) + dice.randrange(1_000)
    for turn in range(42):  # as long as one that came and went is watched
        at_ms = END_MS + (20 + 2 * turn) * MINUTE_MS
        spoken += [message(one, _well(at_ms), at_ms, "heartbeat") for one in DEVICES]
    return sorted(spoken, key=lambda record: record.received_ms)


def _well(at_ms: int) -> dict[str, object]:
    return {"v": 1, "occurred_at": at_ms, "boot_id": "b1", "battery_pct": 80}


def folded(records: Sequence[Record], cuts: Sequence[int]) -> FoldedLedger:
    """Blocks end at each full minute, and at these records; each closes at once."""
    ledger = FoldedLedger()
    ledger.rules()
    rows = [{"device_id": one, "site": "hall"} for one in DEVICES]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    minutes = [
        index
        for index, (one, other) in enumerate(pairwise(records), start=1)
        if one.received_ms // MINUTE_MS != other.received_ms // MINUTE_MS
    ]
    ends = {cut % (len(records) + 1) for cut in cuts} | {0, len(records), *minutes}
    for low, high in pairwise(sorted(ends)):
        due_ms = max(record.received_ms for record in records[low:high])
        _tick(ledger, due_ms)
        ledger.take(*records[low:high])
    return ledger


def _tick(ledger: FoldedLedger, until_ms: int) -> None:
    """The journal closes a block a minute when nothing comes."""
    clock = ledger.clock
    while clock.wall_ms() + MINUTE_MS < until_ms:
        clock.advance(MINUTE_MS)
        ledger.take()
    clock.advance(max(until_ms - clock.wall_ms(), 0))


def presences(ledger: FoldedLedger) -> list[tuple[object, ...]]:
    """Each change of presence: whose, to what, why, and when."""
    told = [
        (event.time_ms, json.loads(event.data))
        for event in ledger.events("device.presence_changed")
    ]
    return sorted((d["device_id"], at, d["presence"], d["why"]) for at, d in told)


def alerts(ledger: FoldedLedger, *columns: str) -> list[tuple[Any, ...]]:
    names = ", ".join(("cause", "subject", "state", *columns))
    return sorted(ledger.all(f"SELECT {names} FROM alert"))


def ends(ledger: FoldedLedger) -> list[tuple[object, ...]]:
    """What is so at last, whatever was thought in between."""
    return ledger.all(
        "SELECT d.device_id, p.state, h.health FROM device AS d"
        " JOIN device_presence AS p ON p.no = d.no"
        " JOIN device_health AS h ON h.no = d.no ORDER BY 1"
    ) + ledger.all(
        "SELECT cause, subject FROM alert WHERE resolved_ms IS NULL ORDER BY 1, 2"
    )


SEEDS = st.integers(0, 2**32)
STREAMS = st.builds(stream, SEEDS)
CUTS = st.lists(st.integers(0, 400), max_size=40)


@settings(max_examples=8, deadline=None)
@given(STREAMS, CUTS)
def test_presence_and_alerts_do_not_depend_on_the_blocks(
    records: list[Record], cuts: list[int]
) -> None:
    some, others = folded(records, []), folded(records, cuts)
    assert presences(some) == presences(others)
    assert alerts(some) == alerts(others)


@settings(max_examples=8, deadline=None)
@given(STREAMS, SEEDS)
def test_what_is_delivered_twice_changes_nothing(
    records: list[Record], seed: int
) -> None:
    dice = random.Random(seed)
    twice = [one for one in records for _ in range(dice.choice((1, 1, 2)))]
    some, others = folded(records, []), folded(twice, [])
    assert presences(some) == presences(others)
    assert alerts(some) == alerts(others)
    assert ends(some) == ends(others)


@settings(max_examples=8, deadline=None)
@given(STREAMS, SEEDS)
def test_what_comes_late_leads_to_the_same_end(
    records: list[Record], seed: int
) -> None:
    """Events wait in their terminal, and come when it is well again."""
    dice = random.Random(seed)
    last_ms = END_MS + 10 * MINUTE_MS
    late = []
    for record in records:
        is_late = record.topic.endswith(_LATE) and dice.random() < 0.5
        at_ms = last_ms if is_late else record.received_ms
        late.append(record if not is_late else _received(record, at_ms))
    late.sort(key=lambda record: record.received_ms)
    assert ends(folded(late, [])) == ends(folded(records, []))


def _received(record: Record, at_ms: int) -> Record:
    return Record(record.kind, record.topic, record.payload, at_ms, record.flags)
