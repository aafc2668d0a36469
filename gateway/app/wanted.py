"""Settings as the records that rules rest on."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway import __version__
from gateway.errors import PermanentError
from gateway.ports import SinkSpec
from gateway.processing.applying import Table, Wanted
from gateway.rules import Rules
from gateway.settings import Settings
from gateway.settings.calendars import day_table, read_overrides
from gateway.settings.profiles import load_profiles

RECEIPTS: Final = "receipts"
YEARS_AHEAD: Final = 2
"""How far ahead holidays are taken that a package works out."""
TABLE_BYTES_MAX: Final = 64 * 1024 * 1024
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "devices": ("device_id",),
    "sites": ("id",),
    "departments": ("id",),
    "windows": ("id",),
    "employees": ("id",),
    "bindings": ("device_id", "from"),
    "closures": ("site", "from"),
}


def wanted(settings: Settings) -> Wanted:
    """What an operator wants in force now; tables are read from their files.

    Raises:
        PermanentError: a table cannot be used; it says which line and why.
    """
    tables = tuple(
        read_table(name, path)
        for name, path in settings.fleet.tables()
        if path.exists()
    )
    return Wanted(
        version=__version__,
        rules=_rules(settings),
        sinks=_sinks(settings),
        tables=tables,
        calendar=_calendar(settings),
        profiles=_profiles(settings),
    )


def _calendar(settings: Settings) -> dict[str, Any]:
    """The day table: what is published by now, and the operator's own days."""
    path = settings.rules.calendar_file
    overrides = read_overrides(path) if path is not None and path.exists() else {}
    last_year = datetime.now(UTC).year + YEARS_AHEAD
    table = day_table(settings.rules.calendar, overrides, last_year)
    return dict(msgspec.to_builtins(table))


def _profiles(settings: Settings) -> dict[str, Any]:
    """The device profiles, by the names of their files."""
    folder = settings.fleet.profiles_dir
    if folder is None or not folder.is_dir():
        return {}
    return dict(msgspec.to_builtins(load_profiles(folder)))


def missing_profiles(settings: Settings) -> Iterator[str]:
    """Lines for devices whose profile is not there: they are read by the protocol.

    Raises:
        PermanentError: the table of devices, or a profile, cannot be used.
    """
    path = settings.fleet.devices_file
    if path is None or not path.exists():
        return
    known = _profiles(settings)
    named = Counter(row.get("profile") for row in read_table("devices", path).rows)
    for name, devices in sorted((n, count) for n, count in named.items() if n):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield (
                f"{path}: {devices} devices have the profile {name!r}, and "
                f"fleet.profiles_dir has no such file{hint}"
            )


def _rules(settings: Settings) -> Rules:
    rules = settings.rules.model_dump(mode="json", exclude={"calendar_file"})
    return msgspec.convert(
        {
            **rules,
            "unknown_devices": settings.fleet.unknown_devices,
            "root": settings.broker.root,
            "employee_tag": all(sink.employee_tag for sink in settings.influxdb),
        },
        Rules,
        strict=False,
    )


def _sinks(settings: Settings) -> tuple[SinkSpec, ...]:
    points = [
        SinkSpec(sink.name, "influxdb", ("rating.*", "device_health"))
        for sink in settings.influxdb
    ]
    hooks = [
        SinkSpec(sink.name, "backend", tuple(sink.events)) for sink in settings.backend
    ]
    return (*points, *hooks, SinkSpec(RECEIPTS, RECEIPTS, ("*",)))


def read_table(name: str, path: Path) -> Table:
    """A CSV file with a header, every row a mapping of its columns."""
    if path.stat().st_size > TABLE_BYTES_MAX:
        raise PermanentError(f"{path}: larger than {TABLE_BYTES_MAX} bytes")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PermanentError(f"{path}: not UTF-8 at byte {error.start}") from None
    reader = csv.DictReader(text.splitlines())
    keys = _KEYS[name]
    absent = [key for key in keys if key not in (reader.fieldnames or ())]
    if absent:
        raise PermanentError(f"{path}: the header lacks the column {absent[0]}")
    rows: list[dict[str, Any]] = []
    for row in reader:
        if None in row or not all(row[key] for key in keys):
            raise PermanentError(f"{path} line {reader.line_num}: not a row of {name}")
        rows.append({key: value for key, value in row.items() if value})
    return Table(name, hashlib.sha256(content).hexdigest(), tuple(rows))
