"""What is owed to a customer, as readers find it."""

from typing import Any

import apsw

from gateway.ledger.queries import duties
from gateway.queries.duties import DutyRow
from tests.support.folding import START_MS, FoldedLedger, message


def test_one_duty_is_sought_and_not_looked_for_among_all() -> None:
    ledger = FoldedLedger()
    ledger.rules()
    for n in range(3):
        body = {"v": 1, "event_id": f"complaint-{n}", "occurred_at": START_MS}
        ledger.append([message("eval-0001", body, channel="complaint")])
        ledger.publish("eval-0001", {"event_id": f"low:000{n}", "level": 1})
        ledger.clock.advance(60_000)
    for kind, subject in (
        ("complaint", "eval-0001:complaint-2"),
        ("followup", "eval-0001:low:0002"),
    ):
        found, steps = sought(ledger, kind, subject)
        assert found is not None
        assert found.subject == subject
        assert steps == 0
        assert sought(ledger, kind, "eval-0001:none") == (None, 0)
    ledger.close()


def sought(ledger: FoldedLedger, kind: str, subject: str) -> tuple[DutyRow | None, int]:
    """A duty, and the rows that were walked to find it."""
    effort: list[int] = []

    def profiled(event: dict[str, Any]) -> None:
        effort.append(event["stmt_status"]["SQLITE_STMTSTATUS_FULLSCAN_STEP"])

    connection = ledger.store.connection
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, profiled)
    found = duties.one(connection, kind, subject)
    connection.trace_v2(0, None)
    return found, sum(effort)
