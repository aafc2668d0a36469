"""What is owed to a customer, as readers find it."""

from typing import Any

import apsw

from gateway.ledger.queries import duties
from tests.support.folding import START_MS, FoldedLedger, message


def test_one_complaint_is_sought_and_not_looked_for_among_all() -> None:
    ledger = FoldedLedger()
    rows = [{"device_id": "eval-0001"}]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    for n in range(3):
        body = {"v": 1, "event_id": f"complaint-{n}", "occurred_at": START_MS}
        ledger.append([message("eval-0001", body, channel="complaint")])
    effort: list[dict[str, int]] = []

    def profiled(event: dict[str, Any]) -> None:
        effort.append(event["stmt_status"])

    connection = ledger.store.connection
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, profiled)
    found = duties.one(connection, "complaint", "eval-0001:complaint-2")
    connection.trace_v2(0, None)
    assert found is not None
    assert found.subject == "eval-0001:complaint-2"
    assert [one["SQLITE_STMTSTATUS_FULLSCAN_STEP"] for one in effort] == [0]
