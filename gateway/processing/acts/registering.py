"""Rows of the registry's tables, as files and operators give them."""

from collections.abc import Sequence
from typing import Final

from device_protocol.topics import is_device_id
from fleet.registry import ACCEPTING, Lifecycle
from fleet.tables import Row, RowError, key_of
from gateway.ledger.devices import Device
from gateway.processing.acts.acting import Context
from gateway.processing.acts.deadlines import put_in_force
from gateway.processing.fleet.health import move_in

_FACTS: Final = ("hw_serial", "model", "profile", "labels", "installed_at")


def put_rows(
    context: Context, table: str, rows: Sequence[Row]
) -> list[tuple[int, RowError]]:
    """Put rows of any table in force; answers those that cannot be, by their index."""
    refused = []
    closures: list[Row] = []
    for number, row in enumerate(rows):
        try:
            if table == "closures":
                before = context.state.devices.registry_row(table, key_of(table, row))
                closures += [row] if before is None else [before, row]
            if table == "devices":
                put_device(context, row)
            else:
                put_row(context, table, row)
        except RowError as error:
            refused.append((number, error))
    if table in {"bindings", "employees"}:
        context.state.apply_attribution()
    if table == "closures":
        context.state.change_openings()
        context.state.accountant.closed(closures)
    if table == "windows":
        state = context.state
        state.windows = state.devices.registry("windows")
        for device in state.by_id.values():
            state.place_device(device)
        state.apply_attribution()
    if table == "sites":
        put_in_force(context)
        context.inspecting.look_at_all()
    return refused


def put_row(context: Context, table: str, row: Row) -> None:
    """Keep a row of any table but `devices`.

    Raises:
        RowError: the table is unknown, or a column of its key is missing.
    """
    context.state.devices.save_registry(table, key_of(table, row), dict(row))


def put_device(context: Context, row: Row) -> Device:
    """Put a row of `devices` in force: what is empty stays, what is None is cleared.

    Raises:
        RowError: it names no device, or no lifecycle.
    """
    state = context.state
    device_id, wanted = row.get("device_id") or "", row.get("lifecycle") or ""
    if not is_device_id(device_id):
        raise RowError(f"no device id: {device_id!r}")
    if wanted and wanted not in set(Lifecycle):
        raise RowError(f"no lifecycle: {wanted!r}")
    device = state.by_id.get(device_id)
    if device is None:
        device = state.add_device(device_id, wanted or Lifecycle.ACTIVE.value)
    stood = device.site, device.window
    site = _cell(row, "site", device.site)
    if site != device.site:
        device.site = site
        state.moved = state.moved or device_id in state.attribution.bound
    device.window = _cell(row, "window", device.window)
    if (device.site, device.window) != stood:
        move_in(state, device)
    profile = device.profile
    facts = device.facts
    for name in _FACTS:
        setattr(facts, name, _cell(row, name, getattr(facts, name)))
    if device.profile != profile:
        state.entries.clear()  # they hold what reads its messages
    state.place_device(device)
    move(context, device, Lifecycle(wanted or device.lifecycle))
    return device


def row_of(device: Device) -> dict[str, str | None]:
    """A device as a row of the table."""
    facts = {name: getattr(device.facts, name) for name in _FACTS}
    return {
        "device_id": device.device_id,
        "lifecycle": device.lifecycle,
        "site": device.site,
        "window": device.window,
        **facts,
    }


def _cell(row: Row, name: str, now: str | None) -> str | None:
    return now if row.get(name, "") == "" else row[name]


def move(context: Context, device: Device, wanted: Lifecycle) -> None:
    """Change a device's lifecycle.

    In service, what it sent before is folded; out of it, it is asked for nothing more.
    """
    state = context.state
    pending = Lifecycle.PENDING.value
    state.pending += (wanted.value == pending) - (device.lifecycle == pending)
    device.lifecycle = wanted.value
    state.changed_devices.add(device)
    state.watcher.moved(device)
    context.commanding.moved(device)
    if wanted.value in ACCEPTING:
        context.readmitting.approve(device)
    context.inspecting.refresh(device)
