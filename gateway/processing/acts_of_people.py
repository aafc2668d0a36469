"""What people ask for: rows of the registry, alerts, personal data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from fleet.tables import Row, RowError, check, check_device, check_tree, merged
from gateway.acts import (
    AlertAct,
    ContactReadAct,
    DevicesImportAct,
    RatingSubmittedAct,
    RegistryPutAct,
    SessionsSubmittedAct,
)
from gateway.processing.acting import ActError, Context, Handling, Outcome, handling
from gateway.processing.registering import put_device, put_rows, row_of
from gateway.processing.state import DAY_MS

ERRORS_MAX: Final = 100
"""Rows that could not be applied which an outcome shows."""

SNOOZE_MS_MAX: Final = 31 * DAY_MS
SNOOZE: Final = "snooze"
"""The kind of timer that ends one: an alert is snoozed while it stands."""


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
    fresh = {str(row["id"]): row.get("parent") for row in rows}
    check_tree(parents | fresh, fresh)


def _open_alert(context: Context, act: AlertAct) -> str:
    """The id of an alert that stands, as its timers name it."""
    if act.alert_id not in {alert.id for alert in context.state.alerts.values()}:
        raise ActError("conflict", "this alert is resolved already, or never was")
    return str(act.alert_id)


def _alert_confirmed(context: Context, act: AlertAct) -> Outcome:
    context.state.books.drop_timers(SNOOZE, _open_alert(context, act))
    context.state.books.move_alert(act.alert_id, "confirmed")
    return {"alert_id": act.alert_id, "state": "confirmed"}


def _alert_snoozed(context: Context, act: AlertAct) -> Outcome:
    subject, until_ms = _open_alert(context, act), act.until_ms
    now_ms = context.state.now_ms
    if until_ms is None or not now_ms < until_ms <= now_ms + SNOOZE_MS_MAX:
        raise ActError("invalid", "until must lie ahead, by a month at most")
    context.state.books.drop_timers(SNOOZE, subject)
    context.state.set_timer(until_ms, SNOOZE, subject)
    context.state.books.move_alert(act.alert_id, "snoozed")
    return {"alert_id": act.alert_id, "state": "snoozed"}


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
    "alert_confirmed": handling(AlertAct, _alert_confirmed),
    "alert_snoozed": handling(AlertAct, _alert_snoozed),
    "rating_submitted": handling(RatingSubmittedAct, _rating_submitted),
    "sessions_submitted": handling(SessionsSubmittedAct, _sessions_submitted),
    "contact_read": handling(ContactReadAct, _contact_read),
}
