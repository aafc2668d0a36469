"""How long figures take: `python -m tests.benchmarks.statistics [--ratings N]`.

A month of ratings, of 1,000 terminals with two employees each, eight hours a day. By
default the fold's own tables are given its counts, hour after hour; `--rows` adds the
ratings themselves, of which parts of hours are read; `--fold` sends every rating
through the fold, which takes minutes a million. `--own-scale` gives so many percent of
the terminals a scale with scores of its own. Told are the time of
each answer of the API, the bytes on disk, and what writing an hour costs, or a rating.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from device_protocol.profiles.model import FULL_SCALE
from gateway.ledger.counts import FigureCounts
from gateway.ledger.devices import Binding
from gateway.ledger.figures import HOURS, packed, slot_of
from gateway.ports import Record, RecordKind
from gateway.processing.memory.counting import cell_key
from gateway.ratings.cells import level_slot
from tests.benchmarks.folding import uuid7
from tests.support.folded_api import FoldedApi

DEVICES: Final = 1_000
SITES: Final = 20
DEPARTMENTS: Final = 200
DAYS: Final = 30
OPENS, HOURS_OPEN = 9, 8
LEVELS: Final = (5, 5, 5, 4, 4, 3, 2, 1)
WEEK_MS: Final = 7 * 86_400_000
SHIFT: Final = 4  # hours, then the other employee serves
BLOCK: Final = 500
BLOCKS: Final = 8
BATCH: Final = 500  # rows of a table in one act
ZONE: Final = timezone(timedelta(hours=8))
MONTH: Final = datetime(2026, 11, 1, tzinfo=ZONE)
NEXT: Final = datetime(2026, 12, 1, tzinfo=ZONE)
YEAR: Final = datetime(2025, 12, 1, tzinfo=ZONE)
TIMES: Final = 7
HALF_PAST: Final[dict[str, object]] = {"from": MONTH + timedelta(hours=9.5)}
TWENTY_PAST: Final = MONTH + timedelta(days=29, hours=11, minutes=20)
BY_DEPARTMENT: Final[dict[str, object]] = {"group_by": "department"}
QUESTIONS: Final[tuple[tuple[str, dict[str, object]], ...]] = (
    ("a month, all", {}),
    ("a month by site", {"group_by": "site"}),
    ("a month by department", BY_DEPARTMENT),
    ("a month by employee", {"group_by": "employee"}),
    ("a month by employee and day", {"group_by": "employee,day"}),
    ("one employee by day", {"group_by": "day", "employee": "e0-3"}),
    ("a month by department and day", {"group_by": "department,day"}),
    ("a month by hour and weekday", {"group_by": "hour,weekday"}),
    ("the same of one site", {"group_by": "hour,weekday", "site": "site-3"}),
    ("the trend of a year", {"group_by": "month", "from": YEAR}),
    ("a year by site and month", {"group_by": "site,month", "from": YEAR}),
    ("from 09:30 on the 1st", HALF_PAST),
    ("the same to 11:20 on the 30th", {**HALF_PAST, "to": TWENTY_PAST}),
    ("the same by department", {**HALF_PAST, "to": TWENTY_PAST, **BY_DEPARTMENT}),
)


OWN: Final = "5-maker"


def organise(api: FoldedApi, own_scale: int) -> None:
    """Terminals at their windows, each with its site and department."""
    world = api.world
    world.clock.advance(int(MONTH.timestamp() * 1000) - world.clock.wall_ms())
    world.rules(default_enabled=False)
    world.act("link_down", {"reason": "none"})  # silence of terminals proves nothing
    numbers = range(DEVICES)
    put(api, "sites", [{"id": f"site-{no}"} for no in range(SITES)])
    departments = [
        {"id": f"dep-{no}", "site": f"site-{no % SITES}"} for no in range(DEPARTMENTS)
    ]
    put(api, "departments", departments)
    windows = [
        {
            "id": f"w{no}",
            "site": f"site-{no % SITES}",
            "department": f"dep-{no % DEPARTMENTS}",
        }
        for no in numbers
    ]
    put(api, "windows", windows)
    names = [{"id": f"e{of}-{no}"} for of in (0, 1) for no in numbers]
    put(api, "employees", names)
    if own_scale:
        names_of = {f"{level}": level for level in set(LEVELS)}
        scores = {level: 2 * at for level, at in names_of.items()}
        scale = {"name": OWN, "labels": names_of, "scores": scores}
        world.act("profiles_applied", {"profiles": {OWN: {"scale": scale}}})
    for no in numbers:
        row = {
            "device_id": f"dev-{no:04d}",
            "site": f"site-{no % SITES}",
            "window": f"w{no}",
            "profile": profile_of(no, own_scale),
        }
        world.act("device_put", {"device": row})


def profile_of(no: int, own_scale: int) -> str | None:
    """That of a terminal; of each hundred of them so many have a scale of their own."""
    return OWN if no % 100 < own_scale else None


def put(api: FoldedApi, table: str, rows: list[dict[str, str]]) -> None:
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        act = {"author": "benchmark", "table": table, "rows": part}
        api.world.act("registry_put", act)


def blocks(ratings: int, dice: random.Random) -> Iterator[tuple[int, list[Record]]]:
    """Blocks in the order of time, each with its moment in ms."""
    each = ratings // (DAYS * HOURS_OPEN)
    seqs = dict.fromkeys(range(DEVICES), 0)
    for of_month in range(DAYS * HOURS_OPEN):
        day, hour = divmod(of_month, HOURS_OPEN)
        begin = MONTH + timedelta(days=day, hours=OPENS + hour)
        text, begin_ms = f"{begin:%Y-%m-%dT%H}", int(begin.timestamp() * 1000)
        for start in range(0, each, BLOCK):
            records = []
            for number in range(start, min(start + BLOCK, each)):
                within_ms = number * 3_600_000 // each
                second, ms = divmod(within_ms, 1000)
                no = dice.randrange(DEVICES)
                seqs[no] += 1
                body = {
                    "v": 1,
                    "event_id": uuid7(dice, begin_ms + within_ms),
                    "device_id": f"dev-{no:04d}",
                    "seq": seqs[no],
                    "occurred_at": f"{text}:{second // 60:02d}:{second % 60:02d}"
                    f".{ms:03d}+08:00",
                    "level": dice.choice(LEVELS),
                    "session_id": f"S{of_month}-{number}",
                    "employee_id": f"e{hour // SHIFT}-{no}",
                }
                topic = f"evaluators/v1/dev-{no:04d}/rating"
                payload = msgspec.json.encode(body)
                at_ms = begin_ms + within_ms
                records.append(Record(RecordKind.MESSAGE, topic, payload, at_ms))
            yield records[-1].received_ms, records


def load(
    api: FoldedApi, ratings: int, seed: int, own_scale: int, *, rows: bool
) -> None:
    """Count a month, an hour a transaction, as the fold counts and ends an hour.

    With `rows` each rating has its own row and its session's, too.
    """
    world, dice = api.world, random.Random(seed)
    state, store = world.state, world.store
    store.begin()
    staff = [list(employees(api, of, own_scale)) for of in (0, 1)]
    numbers = [
        [
            state.counting.number(cell_key(binding.no, state.by_id[device].no, name))
            for device, binding, name in some
        ]
        for some in staff
    ]
    counts = FigureCounts(store)
    store.run("CREATE TEMP TABLE staff (shift, no, device_no, binding, employee)")
    for shift, some in enumerate(staff):
        rows_of = [
            (shift, no, state.by_id[device].no, binding.no, name)
            for no, (device, binding, name) in enumerate(some)
        ]
        store.many("INSERT INTO staff VALUES (?, ?, ?, ?, ?)", rows_of)
    store.run("CREATE UNIQUE INDEX staff_no ON staff (shift, no)")
    slot = {one: slot_of(level_slot("customer", one)) for one in LEVELS}
    each, first = ratings // (DAYS * HOURS_OPEN), 1
    for of_month in range(DAYS * HOURS_OPEN):
        day, hour = divmod(of_month, HOURS_OPEN)
        period = (MONTH.toordinal() + day) * HOURS + OPENS + hour
        of = hour // SHIFT
        levels = dice.choices(LEVELS, k=each)
        hourly = Counter(
            packed(period, numbers[of][number % DEVICES], slot[level])
            for number, level in enumerate(levels)
        )
        if rows:
            begin = MONTH + timedelta(days=day, hours=OPENS + hour)
            write_rows(api, begin, of, first, levels)
        first += each
        begin_s = time.perf_counter()
        counts.add(hourly.items())
        added_s = time.perf_counter()
        counts.close(period + 1)
        closed_s = time.perf_counter()
        store.commit()
        store.begin()
        if of_month % (DAYS * HOURS_OPEN // 10) == 0:
            say(
                f"hour {of_month:4}: {len(hourly):,} counts"
                f" {(added_s - begin_s) * 1000:.0f} ms, its end"
                f" {(closed_s - added_s) * 1000:.0f} ms"
            )
    store.commit()


ROWS: Final = (
    """
INSERT INTO rating (place, ordinal, device_no, event_id, session_no, binding, level,
    level_raw, occurred_ms, claimed_ms, received_ms, time_quality, origin, mode, round,
    employee_id, seq, version, effective)
SELECT place, no, device_no, printf('%012x-%d', at_ms, no), no, binding, level, level,
    at_ms, at_ms, at_ms + 40, 'device', 'customer', 'live', 'initial', employee,
    no / 1000, 1, 1 FROM hour_of
""",
    """
INSERT INTO session (no, session_id, site, stage, n, began_ms, business_date, state,
    device_no, department, window, employee_id, eligible, effective_place, ratings,
    amend_until_ms)
SELECT o.no, 'S' || o.no, b.site, 0, 1, at_ms, :date, 'rated', device_no, b.department,
    b.window, employee, 1, place, '[' || place || ']', :until_ms
FROM hour_of AS o JOIN binding AS b ON b.no = o.binding
""",
    """
INSERT INTO arrival SELECT (at_ms + 40) / 300000, min(place), max(place) FROM hour_of
WHERE true GROUP BY 1 ON CONFLICT (slice) DO UPDATE SET last_place = excluded.last_place
""",
)
"""An hour's ratings and their sessions as the fold's quickest path writes them."""
HOUR_OF: Final = """
CREATE TEMP TABLE hour_of AS
SELECT :first + key AS no, value AS level, :begin_ms + key * 3600000 / :each AS at_ms,
    1 << 57 | (:first + key) / 500 << 21 | (:first + key) % 500 << 9 AS place,
    device_no, binding, employee
FROM json_each(:levels) CROSS JOIN staff ON shift = :shift AND no = key % :devices
"""


def write_rows(
    api: FoldedApi, begin: datetime, shift: int, first: int, levels: list[int]
) -> None:
    """The rows of an hour; `first` is the number of its first rating."""
    store = api.world.store
    bound = {
        "first": first,
        "each": len(levels),
        "begin_ms": int(begin.timestamp() * 1000),
        "until_ms": int(begin.timestamp() * 1000) + WEEK_MS,
        "levels": msgspec.json.encode(levels).decode(),
        "date": f"{begin:%Y-%m-%d}",
        "shift": shift,
        "devices": DEVICES,
    }
    for sql in (HOUR_OF, *ROWS, "DROP TABLE hour_of"):
        store.connection.execute(sql, bound)


def employees(
    api: FoldedApi, of: int, own_scale: int
) -> Iterator[tuple[str, Binding, str]]:
    """Each terminal, where it stands, and who serves there."""
    for no in range(DEVICES):
        site, department = f"site-{no % SITES}", f"dep-{no % DEPARTMENTS}"
        scale = profile_of(no, own_scale) or FULL_SCALE
        binding = api.world.state.bind(site, department, f"w{no}", "terminal", scale)
        yield f"dev-{no:04d}", binding, f"e{of}-{no}"


def fill(api: FoldedApi, ratings: int, seed: int) -> None:
    """Fold a month; says what a rating costs, ten times."""
    world, spent_s, done, told = api.world, 0.0, 0, 0
    for count, (at_ms, records) in enumerate(blocks(ratings, random.Random(seed)), 1):
        world.clock.advance(max(0, at_ms - world.clock.wall_ms()))
        world.journal.append(records)
        done += len(records)
        if count % BLOCKS == 0 or done == ratings:
            begin_s = time.process_time()
            world.catch_up(BLOCKS)
            spent_s += time.process_time() - begin_s
        if done - told >= ratings // 10 or done == ratings:
            cost_us = spent_s / (done - told) * 1e6
            say(f"{done:12,} ratings: {cost_us:6.2f} us each")
            spent_s, told = 0.0, done
    world.catch_up(BLOCKS)


async def ask(
    api: FoldedApi, query: dict[str, object]
) -> tuple[float, float, float, Any]:
    """The shortest, the middle and the least CPU of several answers; the answer."""
    asked = {"from": MONTH, "to": NEXT, **query}
    params = {
        name: one.isoformat() if isinstance(one, datetime) else str(one)
        for name, one in asked.items()
    }
    spent, burnt = [], []
    transport = httpx.ASGITransport(api.app)  # holding it to the contract costs more
    url = "http://127.0.0.1:8700/api/v1/statistics"
    for _ in range(TIMES):
        begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get(url, params=params)
        spent.append((time.perf_counter() - begin_s) * 1000)
        burnt.append((time.process_time() - begin_cpu_s) * 1000)
    spent.sort()
    return spent[0], spent[TIMES // 2], min(burnt), answer.json()


async def question(api: FoldedApi) -> None:
    for name, query in QUESTIONS:
        best_ms, middle_ms, cpu_ms, body = await ask(api, query)
        groups = len(body.get("items", ()))
        more = ", more" if body.get("next_cursor") else body.get("code", "")
        spent = f"{best_ms:8.1f} {middle_ms:8.1f} ms, {cpu_ms:8.1f} of CPU"
        say(f"{name:32} {spent} {groups:6,} groups{more}")


def weigh(api: FoldedApi, ratings: int) -> None:
    """Bytes on disk, of all and of what figures are read from."""
    store = api.world.store
    store.run("PRAGMA wal_checkpoint(TRUNCATE)")
    sizes: dict[str, int] = dict(
        store.all("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
    )
    figures = sum(size for name, size in sizes.items() if "figure_" in name)
    say(f"{sum(sizes.values()) / ratings:.1f} bytes a rating, {figures / ratings:.2f}")
    for name, size in sorted(sizes.items(), key=lambda one: -one[1])[:12]:
        say(f"  {name:32} {size / ratings:8.2f}")


def say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)  # noqa: T201 -- the report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ratings", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", action="store_true", help="ratings, too, not counts")
    parser.add_argument("--fold", action="store_true")
    parser.add_argument("--own-scale", type=int, default=0, metavar="PERCENT")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        api = FoldedApi(Path(directory))
        organise(api, options.own_scale)
        if options.fold:
            fill(api, options.ratings, options.seed)
        else:
            own, rows = options.own_scale, options.rows
            load(api, options.ratings, options.seed, own, rows=rows)
        asyncio.run(question(api))
        weigh(api, options.ratings)
        api.close()


if __name__ == "__main__":
    main()
