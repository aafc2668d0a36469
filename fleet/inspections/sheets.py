"""Sheets that arrive filled in: what a device proves by itself is ticked.

People do what needs hands. A proof is fresh or it is none; what a device proves to be
wrong is marked, too, with what it said.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from fleet.inspections.plans import KEYS_ITEM
from fleet.inspections.records import Mark

DAY_MS: Final = 86_400_000


class Limits(NamedTuple):
    """From when a figure is bad, and how old a proof may be."""

    battery_pct_min: float = 30.0
    rssi_dbm_min: float = -80.0
    clock_offset_ms_max: int = 120_000
    fresh_ms: int = DAY_MS
    key_fresh_ms: int = 7 * DAY_MS


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a device; None, or empty, is what it never said.

    `heard_ms` is when its last heartbeat came, `key_pressed_ms` when each key moved
    last, by number (customers press keys, too), `keys_tested_ms` when a press test
    that passed began, `selftest` its last results by code.
    """

    heard_ms: int | None = None
    battery_pct: float | None = None
    power: str | None = None
    rssi_dbm: float | None = None
    clock_offset_ms: int | None = None
    clock_synced: bool | None = None
    firmware: str | None = None
    firmware_target: str | None = None
    last_press_ms: int | None = None
    missing: int | None = None
    faults: tuple[str, ...] = ()
    key_pressed_ms: dict[int, int | None] = {}
    keys_tested_ms: int | None = None
    selftest_ms: int | None = None
    selftest: dict[str, str] = {}


class Line(NamedTuple):
    """An item of a sheet; `mark` is None where a person must look.

    `proof` is what the device said, in words; "" where it said nothing of use.
    """

    item: str
    mark: Mark | None
    proof: str = ""


class Sheet(NamedTuple):
    """A device's sheet: the plan's checklist, then what is good to know."""

    device_id: str
    lines: tuple[Line, ...]
    known: tuple[Line, ...]

    @property
    def marks(self) -> dict[str, Mark]:
        """What a record of the inspection can begin with."""
        return {line.item: line.mark for line in self.lines if line.mark is not None}

    @property
    def by_hand(self) -> tuple[str, ...]:
        """What is left to do."""
        return tuple(line.item for line in self.lines if line.mark is None)


_Proof = Callable[[Facts, Limits, int], Line]
_SELFTESTED: Final = MappingProxyType(
    {"sound": "audio", "screen": "display", "clock": "rtc", "battery": "battery"}
)
"""The code of a self-test that speaks of an item."""
_FAULTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        KEYS_ITEM: ("stuck_key", "dead_key"),
        "sound": ("audio",),
        "screen": ("display", "touch"),
        "clock": ("rtc",),
    }
)
"""The faults that speak against an item, whatever else speaks for it."""


def sheet(
    device_id: str,
    checklist: Iterable[str],
    facts: Facts,
    now_ms: int,
    limits: Limits | None = None,
) -> Sheet:
    """What of a checklist a device proves by itself at a moment."""
    bounds = limits or Limits()
    lines = [_line(item, facts, bounds, now_ms) for item in checklist]
    known = [prove(facts, bounds, now_ms) for prove in _KNOWN]
    return Sheet(device_id, tuple(lines), tuple(known))


def _line(item: str, facts: Facts, limits: Limits, now_ms: int) -> Line:
    reported = [code for code in _FAULTS.get(item, ()) if code in facts.faults]
    if reported:
        return Line(item, "fail", f"reports the fault {', '.join(reported)}")
    code, prove = _SELFTESTED.get(item), _PROOFS.get(item)
    found = Line(item, None) if prove is None else prove(facts, limits, now_ms)
    if found.mark is None and code is not None:
        return _selftested(code, facts, limits, now_ms, found)
    return found


def _battery(facts: Facts, limits: Limits, now_ms: int) -> Line:
    if not _is_fresh(facts.heard_ms, limits.fresh_ms, now_ms):
        return Line("battery", None)
    if facts.battery_pct is None:
        mains = facts.power == "mains"
        return Line("battery", "pass" if mains else None, "on mains" if mains else "")
    good = facts.battery_pct >= limits.battery_pct_min
    return Line("battery", _mark(good=good), f"{facts.battery_pct:g} %")


def _signal(facts: Facts, limits: Limits, now_ms: int) -> Line:
    if facts.rssi_dbm is None or not _is_fresh(facts.heard_ms, limits.fresh_ms, now_ms):
        return Line("signal", None)
    good = facts.rssi_dbm >= limits.rssi_dbm_min
    return Line("signal", _mark(good=good), f"{facts.rssi_dbm:g} dBm")


def _clock(facts: Facts, limits: Limits, now_ms: int) -> Line:
    offset_ms = facts.clock_offset_ms
    if offset_ms is None or not _is_fresh(facts.heard_ms, limits.fresh_ms, now_ms):
        return Line("clock", None)
    good = abs(offset_ms) <= limits.clock_offset_ms_max
    words = f"{offset_ms / 1000:+.1f} s"
    if facts.clock_synced is False:
        return Line("clock", None if good else "fail", f"{words}, not synchronised")
    return Line("clock", _mark(good=good), words)


def _keys(facts: Facts, limits: Limits, now_ms: int) -> Line:
    tested_ms = facts.keys_tested_ms
    if tested_ms is not None and _is_fresh(tested_ms, limits.fresh_ms, now_ms):
        ago = _ago(max(0, now_ms - tested_ms))
        return Line(KEYS_ITEM, "pass", f"press test passed, {ago} ago")
    if not facts.key_pressed_ms:
        return Line(KEYS_ITEM, None)
    silent = [
        str(key)
        for key, at_ms in sorted(facts.key_pressed_ms.items())
        if not _is_fresh(at_ms, limits.key_fresh_ms, now_ms)
    ]
    if silent:
        return Line(KEYS_ITEM, None, f"not seen lately: key {', '.join(silent)}")
    days = limits.key_fresh_ms // DAY_MS
    return Line(
        KEYS_ITEM, "pass", f"all {len(facts.key_pressed_ms)} within {days} days"
    )


def _selftested(
    code: str, facts: Facts, limits: Limits, now_ms: int, unproved: Line
) -> Line:
    result = facts.selftest.get(code)
    fresh = _is_fresh(facts.selftest_ms, limits.fresh_ms, now_ms)
    if not fresh or result not in {"pass", "fail"}:
        return unproved
    return Line(unproved.item, _mark(good=result == "pass"), f"self-test: {result}")


def _firmware(facts: Facts, limits: Limits, now_ms: int) -> Line:
    del limits, now_ms  # a version does not grow old
    if facts.firmware is None:
        return Line("firmware", None)
    if facts.firmware_target in {None, facts.firmware}:
        return Line("firmware", "pass", facts.firmware)
    return Line("firmware", "fail", f"{facts.firmware}, wanted {facts.firmware_target}")


def _last_press(facts: Facts, limits: Limits, now_ms: int) -> Line:
    if facts.last_press_ms is None:
        return Line("last press", None)
    age_ms = max(0, now_ms - facts.last_press_ms)
    recent = age_ms <= limits.key_fresh_ms
    return Line("last press", "pass" if recent else None, f"{_ago(age_ms)} ago")


def _missing(facts: Facts, limits: Limits, now_ms: int) -> Line:
    del limits, now_ms  # what is lost stays lost
    if facts.missing is None:
        return Line("missing events", None)
    return Line("missing events", _mark(good=not facts.missing), str(facts.missing))


_PROOFS: Final[Mapping[str, _Proof]] = MappingProxyType(
    {
        "battery": _battery,
        "clock": _clock,
        KEYS_ITEM: _keys,
        "signal": _signal,
        "firmware": _firmware,
    }
)
"""Items that a device can prove; any other one needs hands, or its self-test."""
_KNOWN: Final[tuple[_Proof, ...]] = (_signal, _firmware, _last_press, _missing)


def _is_fresh(at_ms: int | None, fresh_ms: int, now_ms: int) -> bool:
    return at_ms is not None and now_ms - at_ms <= fresh_ms


def _mark(*, good: bool) -> Mark:
    return "pass" if good else "fail"


def _ago(age_ms: int) -> str:
    for unit_ms, unit in ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "min")):
        if age_ms >= 2 * unit_ms:
            return f"{age_ms // unit_ms} {unit}"
    return f"{age_ms // 1000} s"
