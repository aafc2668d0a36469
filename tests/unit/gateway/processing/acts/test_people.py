"""Rows of tables that people put."""

from typing import Any

from gateway.ledger.queries.revisions import PLANS, revision
from tests.support.folding import FoldedLedger


def put(
    ledger: FoldedLedger, table: str, row: object, **more: object
) -> dict[str, Any]:
    act = {"author": "ann", "table": table, "rows": [row], **more}
    return ledger.settle("registry_put", act)


def test_a_revision_is_of_what_its_reader_may_see() -> None:
    """Who is bound to the north is neither told nor held up by changes in the south."""
    ledger = FoldedLedger()
    for site in ("north", "south"):
        put(ledger, "sites", {"id": site})
        put(ledger, "windows", {"id": f"{site}-1", "site": site})

    def seen(subtree: str | None) -> list[int]:
        at = ledger.store.connection
        return [revision(at, table, subtree) for table in ("windows", "sites", PLANS)]

    before, everywhere = seen("north"), seen(None)
    put(ledger, "windows", {"id": "south-1", "site": "south", "name": "Cash"})
    put(ledger, "sites", {"id": "south", "name": "South"})
    plan = {"plan_id": "p", "scope": "site", "subject": "south", "every_days": 7}
    put_plan = {"author": "ann", "plans": [{**plan, "checklist": ["clean"]}]}
    assert "error" not in ledger.settle("inspection_plan_put", put_plan)
    assert seen("north") == before
    assert not set(seen(None)) & set(everywhere)
    own = {"id": "north-1", "site": "north", "name": "Desk"}
    bound = {"revisions": [before[0]], "subtree": "north"}
    assert "error" not in put(ledger, "windows", own, **bound)
    assert put(ledger, "windows", own, **bound)["error"] == "revision_changed"
