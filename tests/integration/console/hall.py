"""A hall for the pages to show: sites, windows, terminals, and what people pressed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final

from gateway.ports import Record
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, element, message

DEVICES: Final = 12
STAFF: Final = 3
"""At the first windows, one each."""

DAYS: Final = 15
FRIDAY: Final = 4
SEED: Final = 7
HOSTILE: Final = "<script>document.title='owned'</script>"
"""The name of a window, and what a hostile comment holds."""

PLAN: Final = {
    "plan_id": "every-other-day",
    "scope": "site",
    "subject": "city",
    "every_days": 2,
    "remind_before_days": 3,
    "checklist": ["clean", "battery"],
}
"""Of inspections; not in force unless it is put there."""

SEALED: Final = "2026-09"
"""A month in which nothing had been pressed when it was sealed."""

SAMPLE: Final = {
    "author": "chen",
    "volume": 4,
    "unrated_share": "0.30",
    "seed": "2026-11",
    "filter": {"site": "south"},
    "rated": ["eval-0011:e00-11-3", "eval-0009:e02-09-1"],
    "unrated": [],
    "rated_shortfall": 0,
    "unrated_shortfall": 2,
}
SAMPLE_ID: Final = "1.2.0.0"
"""The place of the act: the second one of all."""

_SITES: Final = (
    {"id": "city", "name": "City", "parent": None, "time_zone": "Asia/Shanghai"},
    {"id": "north", "name": "North hall", "parent": "city"},
    {"id": "south", "name": "South hall", "parent": "city"},
)
_LEVELS: Final = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)
_MINUTE_MS: Final = 60_000
_PRESSES_A_DAY: Final = 4


def furnish(
    world: FoldedLedger,
    now_ms: int = START_MS,
    corner: str | None = HOSTILE,
    hours: str | None = None,
    days: int = DAYS,
) -> None:
    """Fill the ledger through the fold, as journals would; the same at each call.

    Presses came on so many `days` up to `now_ms`. `corner` is what the window of the
    last terminal is called. With `hours` the halls are open in these, people press all
    day long, and nobody does at a weekend.
    """
    sinks = [
        {"name": "points", "kind": "influxdb", "events": ["*"]},
        {"name": "business", "kind": "backend", "events": ["*"]},
    ]
    world.act("sinks_applied", {"sinks": sinks})
    world.act("sample_drawn", SAMPLE)
    world.act("month_sealed", {"author": "chen", "month": SEALED})
    _organise(world, corner, hours)
    for records in _days(now_ms, days, all_day=hours is not None):
        world.take(*records)
    world.act("session_lost", {})
    world.append([message("intruder", element("x1"), now_ms)])


def device(number: int) -> str:
    return f"eval-{number:04}"


def _site(number: int) -> str:
    return "north" if number <= DEVICES // 2 else "south"


def _organise(world: FoldedLedger, corner: str | None, hours: str | None) -> None:
    sites = [{**site, "hours": hours} for site in _SITES]
    world.act("tables_applied", {"table": "sites", "rows": sites})
    departments = [{"id": "taxes", "name": "Tax counter"}]
    world.act("tables_applied", {"table": "departments", "rows": departments})
    windows = [
        {"id": f"w{n}", "name": f"Window {n}", "site": _site(n), "department": "taxes"}
        for n in range(1, DEVICES + 1)
    ]
    if corner is not None:
        windows.append({"id": corner, "name": corner, "site": "north"})
    world.act("tables_applied", {"table": "windows", "rows": windows})
    rows = [
        {
            "device_id": device(n),
            "lifecycle": "active",
            "site": _site(n),
            "window": f"w{n}" if n < DEVICES or corner is None else corner,
        }
        for n in range(1, DEVICES + 1)
    ]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    staff = [{"id": f"E{n}", "pseudonym": f"Staff {n}"} for n in range(1, STAFF + 1)]
    world.act("tables_applied", {"table": "employees", "rows": staff})
    seats = [
        {
            "device_id": device(n),
            "window": f"w{n}",
            "employee": f"E{n}",
            "from": "2026-01-01",
        }
        for n in range(1, STAFF + 1)
    ]
    world.act("tables_applied", {"table": "bindings", "rows": seats})


def _days(now_ms: int, days: int, *, all_day: bool) -> Iterator[list[Record]]:
    dice = Random(SEED)
    turns, apart, span = (20, 24, 8) if all_day else (_PRESSES_A_DAY, 31, 6)
    for day in range(days, -1, -1):
        end_ms = now_ms - day * DAY_MS
        if all_day and datetime.fromtimestamp(end_ms / 1000, UTC).weekday() > FRIDAY:
            continue
        yield [
            message(
                device(n),
                element(f"e{day:02}-{n:02}-{turn}", dice.choice(_LEVELS)),
                end_ms - (n * 7 + turn * apart) * _MINUTE_MS % (span * 60 * _MINUTE_MS),
            )
            for turn in range(turns)
            for n in range(1, DEVICES + 1)
        ]
