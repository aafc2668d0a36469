"""Where the demo's terminals stand: two halls of a city, in front of whom."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fleet.tables import COLUMNS

PREFIX: Final = "pad"
"""Of the ids of its terminals, as the scenario names them."""

_CITY: Final = "city"
_HALLS: Final = ("north-hall", "south-hall")
_DEPARTMENTS: Final = ("taxes", "residence", "social-security")
_TABLES: Final = ("sites", "departments", "windows", "devices")

Row = dict[str, str]


def settings() -> str:
    """The lines of `[fleet]` that name the tables."""
    return "\n".join(f'{name}_file = "{name}.csv"' for name in _TABLES)


def write(directory: Path, terminals: int) -> None:
    """Write every table of so many terminals."""
    tables = {
        "sites": list(_sites()),
        "departments": [
            {"id": f"{hall}-{name}", "name": name, "site": hall}
            for hall in _HALLS
            for name in _DEPARTMENTS
        ],
        "windows": [_window(number, terminals) for number in range(terminals)],
        "devices": [_device(number, terminals) for number in range(terminals)],
    }
    for name in _TABLES:
        _write(directory / f"{name}.csv", COLUMNS[name], tables[name])


def _sites() -> Iterator[Row]:
    """Without hours: always open, at whatever time the demo is looked at."""
    yield {"id": _CITY, "name": "City"}
    for hall in _HALLS:
        yield {"id": hall, "parent": _CITY, "name": hall.replace("-", " ").title()}


def _window(number: int, terminals: int) -> Row:
    hall = _hall(number, terminals)
    department = _DEPARTMENTS[number % len(_DEPARTMENTS)]
    return {
        "id": f"w{number + 1}",
        "name": f"Window {number + 1}",
        "site": hall,
        "department": f"{hall}-{department}",
    }


def _device(number: int, terminals: int) -> Row:
    return {
        "device_id": f"{PREFIX}-{number:05}",
        "lifecycle": "active",
        "site": _hall(number, terminals),
        "window": f"w{number + 1}",
    }


def _hall(number: int, terminals: int) -> str:
    return _HALLS[number * len(_HALLS) // terminals]


def _write(path: Path, columns: Sequence[str], rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
