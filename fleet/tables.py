"""The registry's tables: their columns, keys, and what a row may say."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Final

from device_protocol.timestamps import instant_ms
from device_protocol.topics import is_device_id
from fleet.hours import HoursError, read_hours
from fleet.registry import Lifecycle, is_reserved, may_become

Row = Mapping[str, str | None]

CELL_CHARS_MAX: Final = 500
DEPTH_MAX: Final = 8
"""Levels of the tree of sites, its roots included."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "devices": (
        "device_id",
        "hw_serial",
        "model",
        "profile",
        "lifecycle",
        "site",
        "window",
        "labels",
        "installed_at",
    ),
    "sites": ("id", "name", "parent", "time_zone", "hours", "calendar"),
    "departments": ("id", "name", "site"),
    "windows": ("id", "name", "site", "department"),
    "employees": ("id", "pseudonym", "valid_from", "valid_to"),
    "bindings": ("device_id", "window", "employee", "from", "to"),
    "closures": ("site", "from", "to", "reason"),
}
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "devices": ("device_id",),
    "sites": ("id",),
    "departments": ("id",),
    "windows": ("id",),
    "employees": ("id",),
    "bindings": ("device_id", "from"),
    "closures": ("site", "from"),
}
_INSTANTS: Final = frozenset({"from", "to", "valid_from", "valid_to", "installed_at"})
_PERIODS: Final = (("from", "to"), ("valid_from", "valid_to"))
_CALENDAR: Final = re.compile(r"china|weekdays|[A-Za-z]{2}")
_KEY: Final = re.compile(r"[^\x00-\x1f|]{1,64}")


class RowError(ValueError):
    """A row that cannot be applied, and why."""


def key_of(table: str, row: Row) -> str:
    """What names the row in its table.

    Raises:
        RowError: there is no such table, or a column of its key is empty.
    """
    names = KEYS.get(table)
    if names is None:
        raise RowError(f"no table {table!r}")
    key = [row.get(name) or "" for name in names]
    if not all(key):
        raise RowError(f"{' or '.join(names)} is missing")
    return "|".join(key)


def check(table: str, row: Row) -> None:
    """What a person may put into a table; files of long standing are less strict.

    Raises:
        RowError: it names nothing, a column is unknown, or a value makes no sense.
    """
    key_of(table, row)
    for name, value in row.items():
        if name not in COLUMNS[table]:
            columns = ", ".join(COLUMNS[table])
            raise RowError(f"{table} have no column {name!r}: there are {columns}")
        if value:
            _check_cell(table, name, value)
    for start, end in _PERIODS:
        first, last = row.get(start), row.get(end)
        if first and last and not _instant(first) < _instant(last):
            raise RowError(f"{end} must be later than {start}")


def check_device(row: Row, now: str | None) -> None:
    """What a person may put into `devices`; `now` is its lifecycle, None when new.

    Raises:
        RowError: as `check`, or its lifecycle may not become so.
    """
    check("devices", row)
    wanted = row.get("lifecycle")
    if wanted and now and wanted != now:
        before, after = Lifecycle(now), Lifecycle(wanted)
        if not may_become(before, after):
            raise RowError(f"a device that is {now} cannot become {wanted}")


def check_tree(parents: Mapping[str, str | None], sites: Iterable[str]) -> None:
    """Whether each of these sites stands in a tree of bounded depth.

    Raises:
        RowError: one is its own ancestor, or lies too deep.
    """
    for site in sites:
        above, steps = parents.get(site), 1
        while above:
            steps += 1
            if above == site:
                raise RowError(f"{site}: it would be its own ancestor")
            if steps > DEPTH_MAX:
                raise RowError(f"{site}: more than {DEPTH_MAX} levels deep")
            above = parents.get(above)


def misplaced(
    parents: Mapping[str, str | None], fresh: Mapping[str, str | None]
) -> dict[str, str]:
    """Which of the fresh sites cannot stand where they shall, and why.

    A site that would take others too deep along is named for them.
    """
    refused: dict[str, str] = {}
    while True:
        kept = {site: above for site, above in fresh.items() if site not in refused}
        tree = {**parents, **kept}
        wrong = {site: said for site in tree if (said := _misplaced(tree, site))}
        found = {site: said for site, said in wrong.items() if site in kept}
        for site, said in (wrong if not found else {}).items():
            above = tree.get(site)
            while above and above not in kept:
                above = tree.get(above)
            if above:
                found[above] = said
        if not found:
            return refused
        refused |= found


def _misplaced(tree: Mapping[str, str | None], site: str) -> str:
    try:
        check_tree(tree, [site])
    except RowError as error:
        return str(error)
    return ""


def merged(current: Row | None, row: Row) -> dict[str, str | None]:
    """A device's row after this one: what is empty stays, what is None is cleared."""
    columns = COLUMNS["devices"]
    known = {name: (current or {}).get(name) for name in columns}
    for name in columns:
        if name in row and row[name] != "":
            known[name] = row[name]
    was = (current or {}).get("lifecycle") or Lifecycle.ACTIVE.value
    known["lifecycle"] = known["lifecycle"] or was
    return known


def moment_ms(text: str, zone: tzinfo) -> int:
    """What a cell of a moment means, in ms; a day begins at midnight of the zone.

    Raises:
        ValueError: it is no date and no time.
        OverflowError: it lies outside of all years.
    """
    moment = datetime.fromisoformat(text)
    return instant_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def _check_cell(table: str, name: str, value: str) -> None:
    if len(value) > CELL_CHARS_MAX:
        raise RowError(f"{name}: longer than {CELL_CHARS_MAX} characters")
    if not value.isprintable():
        raise RowError(f"{name}: holds characters that cannot be printed")
    if name in KEYS[table] and name not in _INSTANTS and not _KEY.fullmatch(value):
        raise RowError(f"{name}: up to 64 characters without |")
    if name == "device_id":
        _check_device_id(value)
    elif name == "lifecycle" and value not in set(Lifecycle):
        raise RowError(f"no lifecycle {value!r}: there are {', '.join(Lifecycle)}")
    elif name == "calendar" and not _CALENDAR.fullmatch(value):
        raise RowError(f"no calendar {value!r}: china, weekdays, or a code like DE")
    elif name == "hours":
        _check_hours(value)
    elif name in _INSTANTS:
        _instant(value)


def _check_hours(value: str) -> None:
    try:
        read_hours(value)
    except HoursError as error:
        raise RowError(f"hours: {error}") from None


def _check_device_id(value: str) -> None:
    if not is_device_id(value):
        raise RowError(f"no device id: {value!r}")
    if is_reserved(value):
        raise RowError(f"{value}: http-… and canary-… are no terminal's id")


def _instant(value: str) -> float:
    """In days, so that dates and instants sort together; a date is one of UTC."""
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(value)
        offset = found.utcoffset()
        stamp = found.timestamp() if offset is not None else None
    except (ValueError, OverflowError):
        stamp = None
    if stamp is None:
        raise RowError(f"{value!r} is no date and no RFC 3339 time with its offset")
    return stamp / 86_400 + date(1970, 1, 1).toordinal()
