"""Proof of maintenance: spot checks drawn by a seed, and months that are sealed."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, Final

import msgspec

from fleet.availability import statement_cells
from fleet.registry import Lifecycle, is_reserved
from fleet.spot_checks import draw
from gateway.acts import MaintenanceSealAct, SpotChecksAct
from gateway.ledger.devices import Device
from gateway.ledger.maintenance import MaintenanceBooks
from gateway.ledger.queries.maintenance import sums_of
from gateway.ledger.queries.statements import ends_ms
from gateway.ledger.queries.zones import terms
from gateway.places import Place
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.processing.fleet.availability import KEPT_DAYS
from gateway.processing.memory.daybook import SETTLE_MS
from gateway.processing.state import DAY_MS
from gateway.queries.visits import SpotCheckRow
from gateway.ratings.periods import LocalTime, period
from gateway.ratings.statements import MaintenanceStatement, seal

DRAWS_MAX: Final = 10_000
DRAWN_MAX: Final = 1_000


def _drawn(context: Context, act: SpotChecksAct) -> Outcome:
    state, books = context.state, MaintenanceBooks(context.state.store)
    if books.draws() >= DRAWS_MAX:
        raise ActError("conflict", f"there are {DRAWS_MAX} draws already")
    known = state.by_no.values()
    among = {one.device_id: one.site for one in known if _is_in(context, act, one)}
    count = _count(act, len(among))
    try:
        found = draw(among, count, act.seed, per_site_max=act.per_site_max)
    except ValueError as error:
        raise ActError("invalid", str(error)) from None
    row = SpotCheckRow(
        draw_id=str(Place.unpack(context.place)),
        author=act.author,
        drawn_ms=state.now_ms,
        due_ms=state.now_ms + act.within_days * DAY_MS,
        seed=act.seed,
        count=count,
        candidates=len(among),
        devices=found.devices,
        shortfall=found.shortfall,
        per_site_max=act.per_site_max,
        site=act.site,
        model=act.model,
    )
    data = msgspec.json.encode(row).decode()
    books.add_draw(
        context.place, row.draw_id, act.author, row.drawn_ms, row.due_ms, data
    )
    return {
        "draw_id": row.draw_id,
        "devices": list(row.devices),
        "candidates": row.candidates,
        "shortfall": row.shortfall,
    }


def _count(act: SpotChecksAct, candidates: int) -> int:
    count = act.count
    if count is None:
        try:
            count = ceil(Fraction(act.share or "0") * candidates)
        except (ValueError, ZeroDivisionError):
            raise ActError("invalid", f"share: no number: {act.share!r}") from None
    if count > DRAWN_MAX:
        raise ActError("invalid", f"{count} devices: draw {DRAWN_MAX} at most")
    return count


def _is_in(context: Context, act: SpotChecksAct, device: Device) -> bool:
    """Whether a device is among those that may be drawn."""
    if device.lifecycle != Lifecycle.ACTIVE or is_reserved(device.device_id):
        return False
    line = context.state.openings.line(device.site)
    if act.site is not None and act.site not in line:
        return False
    return act.model in {None, device.facts.model or device.known.model}


def _sealed(context: Context, act: MaintenanceSealAct) -> Outcome:
    state, site = context.state, act.site or ""
    rulings = [state.rulings[act.site]]
    if act.site is None:
        rulings = list(state.rulings.named().values())
    try:
        over_ms = ends_ms(act.month, {one.zone for one in rulings}) + SETTLE_MS
    except ValueError as error:
        raise ActError("invalid", str(error)) from None
    if over_ms > state.now_ms:
        raise ActError("conflict", f"{act.month} is not summed up yet")
    if over_ms < state.now_ms - (KEPT_DAYS - 31) * DAY_MS:
        raise ActError("conflict", f"the days of {act.month} are not kept any more")
    books = MaintenanceBooks(state.store)
    if books.holds(site, act.month):
        raise ActError("conflict", f"{act.month} is sealed already")
    # What this transaction has counted belongs to it, too.
    state.counting.save(state.rules.time_zone, state.now_ms)
    local, days = LocalTime(rulings[0].zone), period(act.month)
    work, parts = books.work(site, *map(local.begin_ms, days))
    connection = state.store.connection
    groups = sums_of(connection, site, act.month)
    statement = seal(
        MaintenanceStatement(
            site=site,
            period=act.month,
            as_of_ms=state.now_ms,
            rules=terms(connection).revision,
            cells=statement_cells(groups.items()),
            work=dict(work),
            parts=dict(parts),
        )
    )
    signature = state.keyed_digest(statement.digest.encode()).hex()
    data = msgspec.json.encode(statement).decode()
    books.seal(site, act.month, act.author, (state.key_id, signature), data)
    return {
        "month": act.month,
        "site": act.site,
        "digest": statement.digest,
        "key_id": state.key_id,
        "signature": signature,
    }


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "spot_checks_drawn": handling(SpotChecksAct, _drawn),
    "maintenance_month_sealed": handling(MaintenanceSealAct, _sealed),
}
