"""Nothing that devices or acts can say raises inside the fold: it would halt it."""

import random
from typing import Any, Final

import msgspec
import pytest

from gateway.ports import Record, RecordFlag, RecordKind
from gateway.processing.acts.dispatch import HANDLERS
from tests.properties.mutate import DEVICE, mutants
from tests.support.folding import START_MS, FoldedLedger, act, element, message

BLOCK: Final = 100
TOLD: Final = [flag for flag in RecordFlag if flag is not RecordFlag.REDACTED]
"""What a broker or ingest says of a message; what is redacted only we have written."""
FLAGS: Final = (*[0] * 10, *TOLD, RecordFlag.BACKLOG | RecordFlag.RETAINED)

_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**63 - 1, 1.5, 1e300, "", "x", "é" * 300, DEVICE),
    *([], [1], [2**63 - 1, 1, 1], ["a"], [None], {}, {"a": 1}, [{"a": 1}], [[]]),
    *([{"device_id": DEVICE, "lifecycle": "asleep"}], [{"device_id": 5}], [{"id": []}]),
    *([{"device_id": "a b"}], [{"id": "w1", "site": 5}], [{"device_id": "new-0009"}]),
    *({"time_zone": "Nowhere/Land"}, {"time_zone": "Asia"}, {"time_zone": "../x"}),
    *({"event_age_days_max": -5}, {"event_age_days_max": 10**12}, {"multi_press": "x"}),
    *({"response_interval_s": 1e300}, {"score_map": {"5": 1e300}}, {"root": "other"}),
    *({"satisfied_levels": [9]}, {"unknown_devices": "eat"}, {"device_id": DEVICE}),
    *([{"name": "a", "kind": "pigeon", "events": []}], [{"name": "a"}]),
    *([{"name": "a", "kind": "backend", "events": ["*", ".*", "\n"]}], "devices"),
    *("windows", "bindings", "anna", f"{DEVICE}:event-0001", f"{DEVICE}:event-0002"),
)
_FIELDS: Final = (
    *("author", "idempotency_key", "rules", "sinks", "table", "rows", "device_id"),
    *("ids", "reason", "rating_id", "name", "state", "site", "window", "device"),
    *("last", "digest", "filter", "alarm", "error", "sink", "refused"),
)
_JUNK: Final = (b"", b"[]", b"5", b"{", b"\xff", b"[" * 5_000, b'{"author":"\\ud800"}')


def populated() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.rules()
    ledger.take(
        message(DEVICE, element("event-0001", session_id="A1", seq=1)),
        message(DEVICE, element("event-0002", 2, comment="slow")),
        message(
            DEVICE, element("event-0003", ..., comment_for="event-0001", comment="x")
        ),
        message(DEVICE, element("event-0004", 9)),
    )
    return ledger


def dispatched(dice: random.Random, channel: str, payload: bytes) -> Record:
    """A payload on one of the ways that lead to the fold."""
    if dice.random() < 0.1:
        return Record(RecordKind.HTTP, "http-local/rating", payload, START_MS)
    device = dice.choice((DEVICE, DEVICE, DEVICE, "held-0001", "http-1", "a b"))
    flags = int(dice.choice(FLAGS))
    return message(device, payload, START_MS, channel, flags)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_payload_of_a_device_stops_the_fold(seed: int) -> None:
    ledger, dice = populated(), random.Random(seed)
    ledger.rules(unknown_devices="hold")
    payloads = mutants(6_000, seed)
    for number in range(60):
        chosen = [next(payloads) for _ in range(BLOCK)]
        ledger.take(*(dispatched(dice, *one) for one in chosen))
        if number % 20 == 19:
            ledger.act("quarantine_replayed", {"author": "anna"})
    ledger.act("device_approved", {"author": "anna", "device_id": "held-0001"})
    assert ledger.accounted()


def any_act(dice: random.Random) -> Record:
    fields = dice.sample(_FIELDS, dice.randint(0, 6))
    data = {name: dice.choice(_VALUES) for name in fields}
    if dice.random() < 0.7:
        data["author"] = "anna"
    payload = msgspec.json.encode(data)
    if dice.random() < 0.05:
        payload = dice.choice(_JUNK)
    return act(dice.choice((*HANDLERS, "unheard_of")), payload)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_payload_of_an_act_stops_the_fold(seed: int) -> None:
    ledger, dice = populated(), random.Random(seed)
    for number in range(40):
        body = element(f"later-{number:04d}", session_id="A1")
        records = [any_act(dice) for _ in range(BLOCK)]
        ledger.take(*records[:50], message(DEVICE, body), *records[50:])
    assert ledger.accounted()
    assert ledger.one("SELECT count(*) FROM act") == 40 * BLOCK + 1
