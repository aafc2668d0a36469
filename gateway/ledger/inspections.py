"""Plans, records and open periods of inspections."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from fleet.inspections.news import View
from fleet.inspections.plans import Plan
from fleet.inspections.records import Record
from fleet.press_test import PressTest
from gateway.ledger.store import Store

RECORDS_MAX: Final = 200
"""Records of a device that are looked at: with one a week, four years."""

_PLAN: Final = msgspec.json.Decoder(Plan)
_RECORD: Final = msgspec.json.Decoder(Record)
_VIEW: Final = msgspec.json.Decoder(View)
_TEST: Final = msgspec.json.Decoder(PressTest)
_COUNTERS: Final = msgspec.json.Decoder(tuple[int, ...])


class Followed(NamedTuple):
    """A device under a plan, as the table `inspection` has it."""

    device_no: int
    plan: Plan
    since_ms: int
    presses_since: int
    presses: int
    counters: tuple[int, ...]
    reached_ms: int | None
    view: View


class Entered(NamedTuple):
    """A record, and how often its device had been pressed when it was entered."""

    record: Record
    presses: int
    reached_ms: int | None


class PeriodRow(NamedTuple):
    """What a plan asked for: due by the end of a local day, an ordinal."""

    inspection_id: str
    due_day: int
    overdue_ms: int
    done_ms: int | None


class InspectionBooks:
    """The tables `inspection_plan`, `inspection`, `inspection_record`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def plans(self) -> list[Plan]:
        rows = self._store.all("SELECT data FROM inspection_plan ORDER BY plan_id")
        return [_PLAN.decode(data) for (data,) in rows]

    def save_plans(self, plans: Iterable[Plan]) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO inspection_plan VALUES (?, ?)",
            [(plan.plan_id, _json(plan)) for plan in plans],
        )

    def devices(self) -> set[int]:
        """The numbers of all devices that stand under a plan."""
        rows = self._store.all("SELECT DISTINCT device_no FROM inspection")
        return {number for (number,) in rows}

    def followed(self, device_no: int) -> dict[str, Followed]:
        """How a device stands under its plans, by their kinds of work."""
        rows = self._store.all(
            "SELECT type, device_no, plan, since_ms, presses_since, presses, counters,"
            " reached_ms, view FROM inspection WHERE device_no = ?",
            (device_no,),
        )
        return {row[0]: _followed(*row[1:]) for row in rows}

    def follow(self, one: Followed) -> None:
        """Keep how a device stands under a plan."""
        self._store.run(
            "INSERT INTO inspection (device_no, type, plan_id, plan, since_ms,"
            " presses_since, presses, counters, reached_ms, state, next_due_ms, view)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (device_no, type) DO UPDATE SET plan_id = excluded.plan_id,"
            " plan = excluded.plan, since_ms = excluded.since_ms,"
            " presses_since = excluded.presses_since, presses = excluded.presses,"
            " counters = excluded.counters, reached_ms = excluded.reached_ms,"
            " state = excluded.state, next_due_ms = excluded.next_due_ms,"
            " view = excluded.view",
            (
                one.device_no,
                one.plan.type,
                one.plan.plan_id,
                _json(one.plan),
                one.since_ms,
                one.presses_since,
                one.presses,
                _json(one.counters),
                one.reached_ms,
                one.view.state,
                one.view.next_due_ms,
                _json(one.view),
            ),
        )

    def drop(self, device_no: int, work: str) -> None:
        """A device stands under no plan of this kind any more."""
        self._store.run(
            "DELETE FROM inspection_period"
            " WHERE device_no = ? AND type = ? AND done_ms IS NULL",
            (device_no, work),
        )
        self._store.run(
            "DELETE FROM inspection WHERE device_no = ? AND type = ?",
            (device_no, work),
        )

    def keep_periods(
        self, device_no: int, work: str, since_ms: int, rows: Iterable[PeriodRow]
    ) -> None:
        """Replace the open period, and those that were done since a moment."""
        self._store.run(
            "DELETE FROM inspection_period WHERE device_no = ? AND type = ?"
            " AND coalesce(done_ms, ?3) >= ?3",
            (device_no, work, since_ms),
        )
        self._store.many(
            "INSERT OR REPLACE INTO inspection_period VALUES (?, ?, ?, ?, ?, ?)",
            [(device_no, work, *row) for row in rows],
        )

    def add_record(self, place: int, device_no: int, entered: Entered) -> None:
        record = entered.record
        self._store.run(
            "INSERT INTO inspection_record VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                place,
                record.record_id,
                device_no,
                record.finished_ms,
                entered.presses,
                entered.reached_ms,
                _json(record),
            ),
        )

    def records(self, device_no: int) -> list[Entered]:
        """The records of a device that were finished last, `RECORDS_MAX` at most."""
        rows = self._store.all(
            "SELECT data, presses, reached_ms FROM inspection_record"
            " WHERE device_no = ? AND finished_ms IS NOT NULL"
            " ORDER BY finished_ms DESC, place DESC LIMIT ?",
            (device_no, RECORDS_MAX),
        )
        return [
            Entered(_RECORD.decode(data), presses, reached_ms)
            for data, presses, reached_ms in rows
        ]

    def press_tests(self, since_ms: int) -> dict[int, PressTest]:
        """The last test of each device, by its number, that ended after a moment."""
        rows = self._store.all(
            "SELECT device_no, data FROM press_test WHERE until_ms > ?"
            " ORDER BY device_no, started_ms, test_id",
            (since_ms,),
        )
        return {number: _TEST.decode(data) for number, data in rows}

    def save_press_test(self, device_no: int, test: PressTest) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO press_test VALUES (?, ?, ?, ?, ?)",
            (test.test_id, device_no, test.started_ms, test.until_ms, _json(test)),
        )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _followed(  # noqa: PLR0913, PLR0917 -- one for each column
    device_no: int,
    plan: str,
    since_ms: int,
    presses_since: int,
    presses: int,
    counters: str,
    reached_ms: int | None,
    view: str,
) -> Followed:
    return Followed(
        device_no,
        _PLAN.decode(plan),
        since_ms,
        presses_since,
        presses,
        _COUNTERS.decode(counters),
        reached_ms,
        _VIEW.decode(view),
    )
