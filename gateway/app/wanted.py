"""Settings as the records that rules rest on."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from fleet.canary import Terms
from fleet.escalation import Alerting, Recipient
from fleet.tables import COLUMNS, KEYS, Row, RowError, check, check_tree, key_of
from gateway import __version__
from gateway.errors import PermanentError
from gateway.ports import SinkSpec
from gateway.processing.applying import Table, Wanted
from gateway.ratings.rulebook import CALENDAR_DAYS, calendar_id
from gateway.ratings.workdays import Kind
from gateway.rules import Rules
from gateway.settings import Settings
from gateway.settings.calendars import day_table, read_overrides
from gateway.settings.fields import known_zone
from gateway.settings.profiles import load_profiles
from gateway.settings.rules import Rules as RuleSettings

TO_TERMINALS: Final = ("receipts", "commands")
"""The gateway's own sinks: they are there whatever is configured."""
YEARS_AHEAD: Final = 2
"""How far ahead holidays are taken that a package works out."""
TABLE_BYTES_MAX: Final = 64 * 1024 * 1024


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
        gateway_id=settings.gateway.id,
        rules=_rules(settings),
        site_rules=_site_rules(settings),
        sinks=_sinks(settings),
        tables=tables,
        calendar=calendar_days(settings, settings.rules.calendar),
        calendars={
            name: calendar_days(settings, name) for name in _calendars(settings, tables)
        },
        profiles=_profiles(settings),
        targets=[msgspec.to_builtins(one.target()) for one in settings.targets],
        alerting=_alerting(settings),
        backups=settings.backup.directory is not None,
        canary=Terms(**settings.canary.model_dump()),
    )


def calendar_days(settings: Settings, name: str) -> dict[str, Any]:
    """A day table: what is published by now, and the operator's own days.

    Raises:
        PermanentError: nobody publishes it, or a file of days cannot be used.
    """
    last_year = datetime.now(UTC).year + YEARS_AHEAD
    table = day_table(name, _days_in(settings.rules), last_year)
    return dict(msgspec.to_builtins(table))


def _days_in(rules: RuleSettings) -> dict[str, Kind]:
    """The operator's own days, if there are any yet."""
    path = rules.calendar_file
    return read_overrides(path) if path is not None and path.exists() else {}


def _calendars(settings: Settings, tables: Sequence[Table]) -> list[str]:
    """Calendars that sites follow beside the gateway's, by name."""
    named = {one.calendar for one in settings.site_rules if "calendar" in one.own}
    sites = (row for table in tables if table.name == "sites" for row in table.rows)
    named |= {row["calendar"] for row in sites if row.get("calendar")}
    known = {calendar_id(name) for name in named}
    own = calendar_id(settings.rules.calendar)
    return sorted(name for name in known if name is not None and name != own)


def _site_rules(settings: Settings) -> dict[str, dict[str, Any]]:
    """What sites have of their own; a file of days comes as the days in it."""
    found = {}
    for one in settings.site_rules:
        found[one.site] = one.own
        if one.calendar_file is not None:
            found[one.site][CALENDAR_DAYS] = _days_in(one)
    return found


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
            "personal_days": settings.retention.personal_days,
            "employee_tag": all(sink.employee_tag for sink in settings.influxdb),
        },
        Rules,
        strict=False,
    )


def _alerting(settings: Settings) -> dict[str, Any]:
    """Whom to tell of alerts; how they are reached is for `deliver` alone."""
    wanted = Recipient.__struct_fields__
    recipients = [
        {name: value for name in wanted if (value := getattr(one, name)) is not None}
        for one in settings.recipients
    ]
    alerting = {
        "cooldown_minutes": settings.alerts.cooldown_minutes,
        "recipients": recipients,
        "firmware_targets": settings.fleet.firmware_targets,
    }
    return dict(msgspec.to_builtins(msgspec.convert(alerting, Alerting)))


def _sinks(settings: Settings) -> tuple[SinkSpec, ...]:
    named = [SinkSpec(sink.name, sink.kind, sink.takes) for sink in settings.sinks]
    return (*named, *(SinkSpec(name, name, ("*",)) for name in TO_TERMINALS))


def read_table(name: str, path: Path) -> Table:
    """A CSV file with a header, every row a mapping of its columns.

    Raises:
        PermanentError: something in it cannot be put in force; it says which line.
    """
    if path.stat().st_size > TABLE_BYTES_MAX:
        raise PermanentError(f"{path}: larger than {TABLE_BYTES_MAX} bytes")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PermanentError(f"{path}: not UTF-8 at byte {error.start}") from None
    reader = csv.DictReader(text.splitlines())
    _check_header(name, path, reader.fieldnames or ())
    lines: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for cells in reader:
        try:
            rows.append(_row(name, cells, reader.line_num, lines))
        except RowError as error:
            raise PermanentError(f"{path} line {reader.line_num}: {error}") from None
    if name == "sites":
        _check_sites(path, rows)
    return Table(name, hashlib.sha256(content).hexdigest(), tuple(rows))


def _row(
    name: str, cells: dict[str, Any], line: int, lines: dict[str, int]
) -> dict[str, Any]:
    """What a line of a table says; `lines` are those of the keys before it."""
    if None in cells:
        raise RowError(f"more cells than the header: not a row of {name}")
    row = {column: value for column, value in cells.items() if value}
    check(name, row)
    first = lines.setdefault(key_of(name, row), line)
    if first != line:
        raise RowError(f"the same {' and '.join(KEYS[name])} as line {first}")
    return row


def _check_sites(path: Path, rows: Sequence[Row]) -> None:
    parents = {str(row["id"]): row.get("parent") for row in rows}
    try:
        check_tree(parents, parents)
        for row in rows:
            known_zone(row.get("time_zone") or Rules().time_zone)
    except ValueError as error:
        raise PermanentError(f"{path}: {error}") from None


def _check_header(name: str, path: Path, header: Sequence[str]) -> None:
    for key in KEYS[name]:
        if key not in header:
            raise PermanentError(f"{path}: the header lacks the column {key}")
    for column in header:
        if column not in COLUMNS[name]:
            near = get_close_matches(column, COLUMNS[name], n=1)
            known = f"did you mean {near[0]}?" if near else ", ".join(COLUMNS[name])
            raise PermanentError(f"{path}: {name} have no column {column!r}: {known}")
