"""The figures behind a reason of health, as they stand now.

A reason's sentence tells those of the moment when it was found; who tells it in other
words, or draws it, takes these. A figure that the device does not tell is left out.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from fleet.findings import Findings
from fleet.vitals import Vitals

Figure = int | float | str | list[str]
Figures = dict[str, Figure]


def _plain(number: float | None) -> int | float | None:
    """With the decimals it has, one at most: -70, 21.5."""
    if number is None:
        return None
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else round(ms / 1000)


_FIGURES: Final[
    Mapping[str, Callable[[Vitals, Findings], Mapping[str, Figure | None]]]
] = MappingProxyType(
    {
        "battery": lambda v, _: {"battery_pct": _plain(v.battery_pct)},
        "battery_forecast": lambda _, f: {
            "days": None if f.days_left is None else round(f.days_left)
        },
        "signal": lambda v, _: {"rssi_dbm": _plain(v.rssi_dbm)},
        "storage": lambda v, _: {"storage_free_pct": _plain(v.storage_free_pct)},
        "temperature": lambda v, _: {"temperature_c": _plain(v.temperature_c)},
        "clock": lambda v, _: {"clock_offset_s": _seconds(v.clock_offset_ms)},
        "buffer": lambda v, _: {"buffer_depth": v.buffer_depth},
        "restarts": lambda _, f: {"restarts": len(f.restarts)},
        "selftest": lambda _, f: {"checks": list(f.failed_checks)},
        "stuck_key": lambda _, f: {"key": f.stuck_key},
        "dead_key": lambda _, f: {
            "keys": [str(key) for key in f.missed_keys or f.unmoved]
        },
        "silent": lambda _, f: {"expected": round(f.expected)},
        "lost_presses": lambda _, f: {"lacking": f.lacking, "pressed": f.pressed},
        "inspection_overdue": lambda _, f: {"work": list(f.overdue)},
    }
)


def figures_of(code: str, vitals: Vitals, found: Findings) -> Figures:
    """Of a reason that stands; empty where its code says all there is to say."""
    told = _FIGURES.get(code)
    if told is None:
        return {}
    figures = told(vitals, found).items()
    return {name: it for name, it in figures if it is not None and it != []}
