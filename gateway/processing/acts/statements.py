"""A closed month is sealed: its counts as they stand, with their digest."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.acts import MonthSealAct
from gateway.ledger.queries.statements import cells, ends_ms
from gateway.ledger.queries.zones import terms
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.ratings.statements import Statement, seal


def _sealed(context: Context, act: MonthSealAct) -> Outcome:
    state = context.state
    site = act.site or ""
    rulings = [state.rulings[act.site]]
    if act.site is None:
        rulings = list(state.rulings.named().values())
    try:
        over_ms = ends_ms(act.month, {one.zone for one in rulings})
    except ValueError as error:
        raise ActError("invalid", str(error)) from None
    if over_ms > state.now_ms:
        raise ActError("conflict", f"{act.month} is not over yet")
    if state.sealed.holds((site, act.month)):
        raise ActError("conflict", f"{act.month} is sealed already")
    # What this transaction has counted belongs to it, too.
    state.counting.save(state.rules.time_zone, state.now_ms)
    connection = state.store.connection
    found = cells(connection, site, act.month)
    statement = seal(
        Statement(
            site=site,
            period=act.month,
            as_of_ms=state.now_ms,
            rules=terms(connection).revision,
            cells={key: dict(cell) for key, cell in found.items()},
        )
    )
    data = msgspec.json.encode(statement).decode()
    state.sealed.seal((site, act.month), act.author, data)
    return {"month": act.month, "site": act.site, "digest": statement.digest}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "month_sealed": handling(MonthSealAct, _sealed),
}
