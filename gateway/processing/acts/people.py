"""What people ask for: rows of the registry, personal data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from fleet.tables import Row, RowError, check, check_device, check_tree, merged
from gateway.acts import (
    ContactReadAct,
    DevicesImportAct,
    RatingSubmittedAct,
    RegistryPutAct,
    SessionsSubmittedAct,
)
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
    refuse_changed,
)
from gateway.processing.acts.registering import put_device, put_rows, row_of

ERRORS_MAX: Final = 100
"""Rows that could not be applied which an outcome shows."""


def _put(context: Context, row: Row) -> str:
    """Apply a row of `devices`; what it was: created, changed or unchanged.

    Raises:
        RowError: it cannot be applied, and nothing of it is.
    """
    device = context.state.by_id.get(row.get("device_id") or "")
    before = None if device is None else row_of(device)
    check_device(row, before["lifecycle"] if before else None)
    if before is not None and merged(before, row) == before:
        return "unchanged"
    put_device(context, row)
    return "created" if before is None else "changed"


class _DevicePut(msgspec.Struct):
    device: Row


def _device_put(context: Context, act: _DevicePut) -> Outcome:
    try:
        result = _put(context, act.device)
    except RowError as error:
        raise ActError("invalid", str(error)) from None
    return {"device_id": act.device["device_id"], "result": result}


def _devices_imported(context: Context, act: DevicesImportAct) -> Outcome:
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    errors = [{"line": one.line, "detail": one.detail} for one in act.refused]
    for line, row in zip(act.lines, act.rows, strict=False):
        try:
            counts[_put(context, row)] += 1
        except RowError as error:
            errors.append({"line": line, "detail": str(error)})
    return {**counts, "refused": len(errors), "errors": errors[:ERRORS_MAX]}


def _registry_put(context: Context, act: RegistryPutAct) -> Outcome:
    if act.table == "devices":
        raise ActError("invalid", "devices are put one by one, or imported")
    refuse_changed(context, act.table, act)
    try:
        for row in act.rows:
            check(act.table, row)
        if act.table == "sites":
            _check_sites(context, act.rows)
    except RowError as error:
        raise ActError("invalid", str(error)) from None
    put_rows(context, act.table, act.rows)
    return {"table": act.table, "rows": len(act.rows)}


def _check_sites(context: Context, rows: Sequence[Row]) -> None:
    known = context.state.devices.registry("sites")
    parents = {site: row.get("parent") for site, row in known.items()}
    parents |= {str(row["id"]): row.get("parent") for row in rows}
    check_tree(parents, parents)  # who moves takes along those below


def _rating_submitted(_context: Context, act: RatingSubmittedAct) -> Outcome:
    return {"rating_id": act.rating_id}


def _sessions_submitted(_context: Context, act: SessionsSubmittedAct) -> Outcome:
    return {"event_ids": act.event_ids}


def _contact_read(_context: Context, act: ContactReadAct) -> Outcome:
    return {"rating_id": act.rating_id}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "device_put": handling(_DevicePut, _device_put),
    "devices_imported": handling(DevicesImportAct, _devices_imported),
    "registry_put": handling(RegistryPutAct, _registry_put),
    "rating_submitted": handling(RatingSubmittedAct, _rating_submitted),
    "sessions_submitted": handling(SessionsSubmittedAct, _sessions_submitted),
    "contact_read": handling(ContactReadAct, _contact_read),
}
