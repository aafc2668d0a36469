"""An explanation never disagrees with the ledger: the fold's own rules make it."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.queries import sessions as session_queries
from gateway.ports import Record
from gateway.processing.ratings.explaining import Explaining
from gateway.ratings.explaining import explain, explain_alone
from gateway.ratings.explaining.days import deadlines
from gateway.ratings.explaining.model import SessionSeen
from gateway.ratings.standings import Stand
from tests.properties.test_fold import CUTS, taken
from tests.support.folding import DAY_MS, FoldedLedger
from tests.support.record_sets import record_lists

KEYS = "SELECT site || ':' || session_id || ':' || stage || ':' || n FROM session"
LONE = (
    "SELECT device_id, event_id FROM rating JOIN device ON device.no = device_no"
    " WHERE session_no IS NULL AND place > 0"
)


def agrees(ledger: FoldedLedger, key: str) -> SessionSeen:
    """The session's explanation, compared with its row and those of its ratings."""
    seen = Explaining(ledger.store).session(key)
    detail = session_queries.detail(ledger.store.connection, key)
    assert seen is not None
    assert detail is not None
    state, row = seen.state, detail.session
    assert (state.state.value, state.eligible) == (row.state, row.eligible)
    if not seen.plain:  # of one usual rating the terms of then are not kept
        assert date.fromordinal(state.business_day).isoformat() == row.business_date
    assert state.provisional == row.provisional
    effective = state.effective
    if state.default is not None and state.default.effective:
        assert row.effective is not None
        assert state.default.rating_id is not None
        assert state.default.rating_id.endswith(row.effective.event_id)
    elif row.effective is None:
        assert effective is None
    else:
        assert effective is not None
        assert effective.rating_id.endswith(f":{row.effective.event_id}")
    for one in seen.ratings:
        if not one.default:
            stand = state.stands.get(one.fact.rating_id, Stand())
            assert stand.effective == one.effective
            assert set(stand.flags) <= set(one.flags)
    told = {one.clock: one.at_ms for one in deadlines(seen)}
    assert told.get("rating") == row.deadline_ms
    assert told.get("amendment") == row.amend_until_ms
    assert told.get("contact") == row.followup_due_ms
    assert told.get("rectify") == row.rectify_due_ms
    return seen


@settings(max_examples=40, deadline=None)
@given(record_lists(50), CUTS, st.sampled_from([0, 1, 20]))
def test_an_explanation_tells_what_the_ledger_holds(
    records: list[Record], cuts: list[int], days: int
) -> None:
    ledger = taken(records, cuts)
    ledger.clock.advance(days * DAY_MS)
    ledger.take()
    for (key,) in ledger.all(KEYS):
        seen = agrees(ledger, key)
        for one in seen.ratings:
            assert list(explain(seen, one.fact.rating_id))
    for device_id, event_id in ledger.all(LONE):
        alone = Explaining(ledger.store).alone(device_id, event_id)
        assert alone is not None
        assert list(explain_alone(alone))
