"""Rows of the registry's tables, as files and operators give them."""

from collections.abc import Mapping
from typing import Final

from device_protocol.topics import is_device_id
from fleet.registry import ACCEPTING, Lifecycle
from gateway.ledger.devices import Device
from gateway.processing.acting import Context

Row = Mapping[str, str | None]

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "sites": ("id",),
    "departments": ("id",),
    "windows": ("id",),
    "employees": ("id",),
    "bindings": ("device_id", "from"),
    "closures": ("site", "from"),
}
_FACTS: Final = ("hw_serial", "model", "profile", "labels", "installed_at")


class RowError(ValueError):
    """A row that cannot be applied, and why."""


def put_row(context: Context, table: str, row: Row) -> None:
    """Keep a row of any table but `devices`.

    Raises:
        RowError: the table is unknown, or a column of its key is missing.
    """
    names = _KEYS.get(table)
    if names is None:
        raise RowError(f"no table {table!r}")
    key = [row.get(name) or "" for name in names]
    if not all(key):
        raise RowError(f"{' or '.join(names)} is missing")
    context.state.devices.save_registry(table, "|".join(key), dict(row))


def put_device(context: Context, row: Row) -> Device:
    """Put a row of `devices` in force: what is empty stays as it was.

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
    device.site = row.get("site") or device.site
    device.window = row.get("window") or device.window
    for name in _FACTS:
        if row.get(name):
            device.facts[name] = row[name]
    state.place_device(device)
    move(context, device, Lifecycle(wanted or device.lifecycle))
    return device


def move(context: Context, device: Device, wanted: Lifecycle) -> None:
    """Change a device's lifecycle; in service, what it sent before is folded."""
    state = context.state
    pending = Lifecycle.PENDING.value
    state.pending += (wanted.value == pending) - (device.lifecycle == pending)
    device.lifecycle = wanted.value
    state.changed_devices.add(device)
    if wanted.value in ACCEPTING:
        context.readmitting.approve(device)
