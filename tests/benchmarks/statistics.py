"""How long figures take: `python -m tests.benchmarks.statistics [--months N]`.

Fills a ledger with the counts of ten million ratings a month, of 1,000 terminals with
two employees each, eight hours a day, and asks for figures as the API does.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from gateway.console.figure_query import StatisticsQuery
from gateway.console.statistics import Statistics, statistic
from gateway.ledger.figures import HOURS, by_day, by_month, packed, slot_of
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.ledger.store import Store, connect
from gateway.ratings.cells import level_slot
from gateway.reading import Reader

DEVICES: Final = 1_000
SITES: Final = 20
DEPARTMENTS: Final = 200
HOURS_OPEN: Final = range(9, 17)
RATINGS_A_MONTH: Final = 10_000_000
DAYS_MAX: Final = 30
SLOTS: Final = [slot_of(level_slot("customer", level)) for level in range(1, 6)]
QUESTIONS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("month, all", {}),
    ("month by department", {"group_by": "department"}),
    ("month by site", {"group_by": "site"}),
    ("month by employee", {"group_by": "employee"}),
    ("month of one employee by day", {"group_by": "day", "employee": "e0-3"}),
    ("month by department and day", {"group_by": "department,day"}),
    ("month by employee and day", {"group_by": "employee,day"}),
    ("month by hour", {"group_by": "hour"}),
    ("from 00:30 on the 1st", {"from": "2026-11-01T00:30:00+08:00"}),
)


def fill(store: Store, months: int) -> None:
    """Counts of so many months, November the last."""
    store.begin()
    store.many(
        "INSERT INTO device (no, device_id, lifecycle) VALUES (?, ?, 'active')",
        [(no, f"dev-{no:04d}") for no in range(1, DEVICES + 1)],
    )
    store.many(
        "INSERT INTO binding VALUES (?, ?, ?, ?, '5', 'terminal', 1)",
        [
            (no, f"site-{no % SITES}", f"dep-{no % DEPARTMENTS}", f"w{no}")
            for no in range(1, DEVICES + 1)
        ],
    )
    keys = [
        (2 * no + of, no, no, f"e{of}-{no}", "", "")
        for no in range(1, DEVICES + 1)
        for of in (0, 1)
    ]
    store.many("INSERT INTO figure_key VALUES (?, ?, ?, ?, ?, ?)", keys)
    end = date(2026, 12, 1).toordinal()
    each = RATINGS_A_MONTH // (len(keys) * len(SLOTS) * len(HOURS_OPEN) * DAYS_MAX)
    for day in range(end - months * DAYS_MAX, end):
        hourly = {
            packed(day * HOURS + hour, key[0], slot): each
            for hour in HOURS_OPEN
            for key in keys
            for slot in SLOTS
        }
        daily = by_day(hourly)
        tables = {"hour": hourly, "day": daily, "month": by_month(daily)}
        for table, rows in tables.items():
            store.many(
                f"INSERT INTO figure_{table} VALUES (?, ?) ON CONFLICT (key)"
                " DO UPDATE SET count = count + excluded.count",
                sorted(rows.items()),
            )
    store.commit()
    store.run("PRAGMA wal_checkpoint(TRUNCATE)")


def shortest_ms(ask: Callable[[], int], times: int = 5) -> tuple[float, int]:
    """The shortest of several answers, in milliseconds, and how many groups it had."""
    best, groups = float("inf"), 0
    for _ in range(times):
        begin = time.perf_counter()
        groups = ask()
        best = min(best, (time.perf_counter() - begin) * 1000)
    return best, groups


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "ledger.db"
        store = Store(connect(path))
        fill(store, options.months)
        reader = Reader(path, deadline_ms=60_000)
        statistics = Statistics(SqliteLedgerQueries(reader))
        for name, asked in QUESTIONS:
            query = StatisticsQuery.model_validate(
                {
                    "from": datetime(2026, 10, 31, 16, tzinfo=UTC),
                    "to": datetime(2026, 11, 30, 16, tzinfo=UTC),
                    **asked,
                    "group_by": [str(asked.get("group_by", ""))],
                }
            )

            def ask(query: StatisticsQuery = query) -> int:
                found = statistics.find(query, None, tuple(query.group_by))
                for group in found.groups[: query.limit]:
                    statistic(group, found)
                return len(found.groups)

            best_ms, groups = shortest_ms(ask)
            print(f"{name:32} {best_ms:8.1f} ms {groups:7,} groups")  # noqa: T201 -- the report
        print(f"{path.stat().st_size / 2**20:.0f} MiB")  # noqa: T201 -- the report
        reader.close()
        store.close()


if __name__ == "__main__":
    main()
