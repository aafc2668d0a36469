"""A day of second thoughts, folded: InfluxDB counts what the ledger counts."""

import random
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.clock import SystemClock
from gateway.ledger.packing import unpack
from gateway.sinks.influx_v1 import InfluxV1
from gateway.sinks.influxdb import InfluxdbSink
from tests.support.delivering import delivering, outlet, since
from tests.support.folding import DAY_MS, FoldedLedger, element, message
from tests.support.outbox import MemoryOutbox
from tests.support.services import Database

pytestmark = pytest.mark.service

SESSIONS: Final = 150
MINUTE_MS: Final = 60_000
PLACES: Final[tuple[tuple[str, str | None, str | None], ...]] = (
    ("eval-1", "hall", "w1"),
    ("eval-2", "hall", None),
    ("eval-3", None, None),
)
TAGS: Final = ("device", "site", "department", "window", "origin", "medium")
STORED: Final = """
SELECT d.device_id, b.site, b.department, b.window, r.origin, b.medium, count(*)
FROM rating AS r JOIN binding AS b ON b.no = r.binding
JOIN device AS d ON d.no = r.device_no
WHERE r.effective GROUP BY 1, 2, 3, 4, 5, 6
"""


def simulated_day(dice: random.Random) -> FoldedLedger:
    """Services, answers and amendments in any order; defaults that are superseded."""
    ledger = FoldedLedger()
    ledger.rules(rating_window_days=1, day_unit="natural", amendments_max=2)
    window = {"id": "w1", "site": "hall", "department": "tax"}
    for table, row in (("departments", {"id": "tax"}), ("windows", window)):
        ledger.act("registry_put", {"author": "t", "table": table, "rows": [row]})
    for device, site, at in PLACES:
        put: dict[str, str | None] = {"device_id": device, "site": site, "window": at}
        ledger.act("device_put", {"device": put})
    begin_ms = ledger.clock.wall_ms()
    late = []
    for number in range(SESSIONS):
        device, at_ms = dice.choice(PLACES)[0], begin_ms + number * MINUTE_MS
        ended = {
            "v": 1,
            "event_id": f"ended-{number:04d}",
            "session_id": f"A{number}",
            "action": "ended",
            "occurred_at": at_ms,
        }
        records = [message(device, ended, at_ms, channel="session")]
        for again in range(dice.choice((0, 1, 1, 2, 3))):
            fields: dict[str, Any] = {"session_id": f"A{number}"}
            if again and dice.random() < 0.7:
                fields["amends"] = f"event-{number:04d}-{again - 1}"
            pressed_ms = at_ms + (again * 7 + 1) * MINUTE_MS // 4
            body = element(
                f"event-{number:04d}-{again}",
                dice.randint(1, 5),
                occurred_at=pressed_ms,
                **fields,
            )
            records.append(message(device, body, pressed_ms))
        dice.shuffle(records)
        if dice.random() < 0.3:
            late += records[1:]
            del records[1:]
        ledger.append(records)
    ledger.clock.advance(3 * DAY_MS)
    ledger.append([])  # the deadlines of those that nobody has rated yet
    dice.shuffle(late)
    for record in late:
        ledger.append([record])
    rated = ledger.all(
        "SELECT device_id || ':' || event_id FROM rating JOIN device ON no = device_no"
    )
    for (rating_id,) in dice.sample(rated, 25):
        act = {"author": "ann", "rating_id": rating_id, "reason": "test"}
        ledger.act("rating_voided", act)
    return ledger


def counted(influx: Database) -> Counter[tuple[str | None, ...]]:
    """sum(effective) by the stored tags; "" is none."""
    names = ", ".join(f'"{tag}"' for tag in TAGS)
    statement = f"SELECT sum(effective) FROM rating GROUP BY {names}"
    (result,) = influx.query(statement)
    found: Counter[tuple[str | None, ...]] = Counter()
    series: Any = result["series"]
    for one in series:
        key = tuple(one["tags"][tag] or None for tag in TAGS)
        found[key] += one["values"][0][1]
    return +found


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_sum_of_effective_points_is_the_ledgers_count_by_their_tags(
    tmp_path: Path, influx1: Database, seed: int
) -> None:
    ledger = simulated_day(random.Random(seed))
    outbox = MemoryOutbox()
    outbox.apply(since("main", "influxdb"))
    rows = [unpack(row[0]) for row in ledger.all("SELECT body FROM outbox")]
    sink = InfluxdbSink(InfluxV1(influx1.url, database=influx1.name), SystemClock())
    async with delivering(tmp_path, outbox, outlet("main", sink)) as running:
        running.add(*rows)
        assert (await running.settled("main")).dead == 0
    stored = Counter({row[:-1]: row[-1] for row in ledger.all(STORED)})
    assert counted(influx1) == stored
    told = Counter(event.type for row in rows for event in row.events)
    for name in ("amended", "superseded", "defaulted", "voided"):
        assert told[f"rating.{name}"] > 5, told
