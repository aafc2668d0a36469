"""Tables of the registry as people send and get them: CSV, and rows of JSON."""

import csv
import io
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fleet.tables import (
    COLUMNS,
    KEYS,
    Row,
    RowError,
    check,
    check_device,
    key_of,
    merged,
)
from gateway.acts import RowRefused
from gateway.console.problems import ProblemError
from gateway.queries.rows import RegisteredDevice

ROWS_MAX: Final = 20_000
ERRORS_MAX: Final = 100
_DEVICES: Final = "devices"
_OWN_CALENDARS: Final = frozenset({"china", "weekdays"})
_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY


class Sheet(NamedTuple):
    """Rows with their lines, which count from 1, and lines that are no rows."""

    rows: list[Row]
    lines: list[int]
    refused: list[RowRefused]


def read_sheet(content: bytes, table: str = _DEVICES) -> Sheet:
    """A CSV table with a header, in UTF-8; empty cells are left out.

    Raises:
        ProblemError: nothing of it can be used.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        detail = f"The table is not UTF-8 at byte {error.start}: save it as CSV UTF-8."
        raise ProblemError(_UNPROCESSABLE, "not_utf8", detail) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    sheet = Sheet([], [], [])
    try:
        _check_header(table, reader.fieldnames or ())
        for row in reader:
            _take(sheet, row, reader.line_num)
    except csv.Error as error:
        detail = f"line {reader.line_num}: {error}"
        raise ProblemError(_UNPROCESSABLE, "not_csv", detail) from None
    return sheet


def _check_header(table: str, names: Iterable[str]) -> None:
    found, columns, keys = list(names), COLUMNS[table], KEYS[table]
    unknown = [name for name in found if name not in columns]
    if unknown or not set(keys) <= set(found) or len(set(found)) < len(found):
        wrong = f"{unknown[0]!r} is none of them" if unknown else "each at most once"
        needed, known = " and ".join(keys), ", ".join(columns)
        detail = f"The header must name {needed}, and no columns but {known}:"
        raise ProblemError(_UNPROCESSABLE, "bad_header", f"{detail} {wrong}.")


def _take(sheet: Sheet, row: Mapping[str | None, str | None], line: int) -> None:
    if len(sheet.rows) + len(sheet.refused) >= ROWS_MAX:
        detail = f"A table holds at most {ROWS_MAX} rows: send it in parts."
        raise ProblemError(_UNPROCESSABLE, "too_many_rows", detail)
    if None in row or None in row.values():
        detail = "more or fewer cells than the header has columns"
        sheet.refused.append(RowRefused(line, detail))
        return
    cells = {str(name): (value or "").strip() for name, value in row.items()}
    sheet.rows.append({name: value for name, value in cells.items() if value})
    sheet.lines.append(line)


def refuse_repeated(sheet: Sheet, table: str = _DEVICES) -> Sheet:
    """Without rows whose key stands in an earlier line, too."""
    first: dict[str, int] = {}
    kept = Sheet([], [], list(sheet.refused))
    for row, line in zip(sheet.rows, sheet.lines, strict=True):
        key = "|".join(row.get(name) or "" for name in KEYS[table])
        if key in first:
            detail = f"{key} stands in line {first[key]}, too"
            kept.refused.append(RowRefused(line, detail))
            continue
        first[key] = line
        kept.rows.append(row)
        kept.lines.append(line)
    return kept


def foreseen(
    sheet: Sheet, known: Mapping[str, Row]
) -> dict[str, int | list[dict[str, object]]]:
    """What the fold would make of the sheet, over the devices known by now."""
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    refused = list(sheet.refused)
    for row, line in zip(sheet.rows, sheet.lines, strict=True):
        now = known.get(row.get("device_id") or "")
        try:
            check_device(row, now["lifecycle"] if now else None)
        except RowError as error:
            refused.append(RowRefused(line, str(error)))
            continue
        if now is None:
            counts["created"] += 1
        else:
            counts["unchanged" if merged(now, row) == now else "changed"] += 1
    errors = [msgspec.to_builtins(one) for one in refused[:ERRORS_MAX]]
    return {**counts, "refused": len(refused), "errors": errors}


def rows_by_id(devices: Iterable[RegisteredDevice]) -> dict[str, Row]:
    return {device.device_id: msgspec.structs.asdict(device) for device in devices}


def write_sheet(rows: Iterable[Row], table: str = _DEVICES) -> str:
    """All columns, as an import takes them."""
    text = io.StringIO()
    columns = COLUMNS[table]
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: row.get(name) for name in columns} for row in rows)
    return text.getvalue()


def check_row(table: str, row: Row) -> None:
    """Raises RowError when a row cannot be applied."""
    check(table, row)
    _check_time_zone(row.get("time_zone"))
    _check_calendar(row.get("calendar"))


def check_rows(table: str, rows: Iterable[Row]) -> None:
    """Raises ProblemError when a row cannot be applied, or one stands there twice."""
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        try:
            check_row(table, row)
        except RowError as error:
            raise _invalid(number, str(error)) from None
        earlier = seen.setdefault(key_of(table, row), number)
        if earlier != number:
            names = " and ".join(KEYS[table])
            raise _invalid(number, f"row {earlier} has the same {names}")


def _invalid(number: int, detail: str) -> ProblemError:
    return ProblemError(_UNPROCESSABLE, "invalid_row", f"row {number}: {detail}")


def _check_time_zone(name: str | None) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise RowError(f"no time zone: {name!r}") from None


def _check_calendar(code: str | None) -> None:
    if code is None or code in _OWN_CALENDARS:
        return
    import holidays  # noqa: PLC0415 -- 3 MB for who names a country

    if code.upper() not in holidays.list_supported_countries(include_aliases=True):
        raise RowError(f"nobody publishes holidays of {code!r}: china, weekdays, or DE")
