"""The rules of health: one small function and one line of the table for each.

Source: fleet health, "Health". A function answers whether the device is not well in
this respect: with another threshold while that stands already, so that it does not
come and go; None where the device tells nothing, which changes nothing.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from device_protocol.messages import SelfTest
from fleet.findings import HOUR_MS, Findings, Reason
from fleet.vitals import Vitals

MINUTE_MS: Final = 60_000
OVERDUE: Final = "inspection_overdue"

# From here on something is wrong; what stands already ends further off.
BATTERY_PCT_MIN: Final = 20
DAYS_LEFT_MIN: Final = 7
RSSI_DBM_MIN: Final = -80
STORAGE_PCT_MIN: Final = 10
HEAT_C_MAX: Final = 60
COLD_C_MIN: Final = -10
CLOCK_OFF_MS_MAX: Final = 2 * MINUTE_MS
BUFFER_MAX: Final = 100
BUFFER_S_MAX: Final = 3_600
LOST_SHARE_MAX: Final = 0.5
SILENT_EXPECTED: Final = 16.0
"""Chance alone makes a terminal miss so many once in e^16 presses; 8 was too few: of
2,000 terminals 22 were falsely said to be silent within two weeks."""

LOST_OF_MIN: Final = 20
"""Of fewer presses in a day those that never came say nothing."""

Judge = Callable[[Vitals, Findings, Reason | None], bool | None]
"""Takes the reason that stands in this respect already, if one does."""
Health = Literal["ok", "degraded", "failed"]


def _battery(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    if v.power == "mains":
        return False
    return (
        None
        if v.battery_pct is None
        else v.battery_pct < (30 if stands else BATTERY_PCT_MIN)
    )


def _battery_soon(_: Vitals, f: Findings, stands: Reason | None) -> bool | None:
    return f.days_left is not None and f.days_left < (14 if stands else DAYS_LEFT_MIN)


def _signal(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    return (
        None if v.rssi_dbm is None else v.rssi_dbm < (-75 if stands else RSSI_DBM_MIN)
    )


def _storage(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    free = v.storage_free_pct
    return None if free is None else free < (15 if stands else STORAGE_PCT_MIN)


def _temperature(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    t = v.temperature_c
    if t is None:
        return None
    return t > (55 if stands else HEAT_C_MAX) or t < (-5 if stands else COLD_C_MIN)


def _clock(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    off_ms = v.clock_offset_ms
    if off_ms is None:
        return None
    return abs(off_ms) > (MINUTE_MS if stands else CLOCK_OFF_MS_MAX)


def _buffer(v: Vitals, _: Findings, stands: Reason | None) -> bool | None:
    depth, oldest_s = v.buffer_depth, v.buffer_oldest_s
    if depth is None and oldest_s is None:
        return None
    deep, old_s = (10, 600) if stands else (BUFFER_MAX, BUFFER_S_MAX)
    return (depth or 0) >= deep or (oldest_s or 0) >= old_s


def _restarts(v: Vitals, f: Findings, stands: Reason | None) -> bool | None:
    recent = [at for at in f.restarts if at > v.received_ms - HOUR_MS]
    return len(recent) >= (2 if stands else 4)


def _selftest(_: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    return bool(f.failed_checks)


def _stuck_key(v: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    seen = f.stuck_ms is not None and f.stuck_ms > v.received_ms - HOUR_MS
    return seen or "stuck_key" in v.faults


def _dead_key(v: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    return bool(f.missed_keys) or "dead_key" in v.faults or bool(f.unmoved)


def _silent(_: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    return f.expected >= SILENT_EXPECTED


def _lost_presses(_: Vitals, f: Findings, stands: Reason | None) -> bool | None:
    if f.pressed < LOST_OF_MIN:
        return None  # a day of rest mends nothing
    return f.lacking > f.pressed * (0.3 if stands else LOST_SHARE_MAX)


def _firmware(_: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    return bool(f.behind)


def _overdue(_: Vitals, f: Findings, _stands: Reason | None) -> bool | None:
    return bool(f.overdue)


class Rule(NamedTuple):
    """`lasts_ms` is how long it must be so; `failed`: of no use until it is mended."""

    code: str
    judge: Judge
    lasts_ms: int
    failed: bool
    text: Callable[[Vitals, Findings], str]


def _keys(v: Vitals, f: Findings) -> str:
    keys = f.missed_keys or f.unmoved
    if not keys:
        return f"it reports {', '.join(v.faults)}: press each key"
    which = ", ".join(str(key) for key in keys)
    return f"key {which} does not count presses: press it, then exchange the keypad"


_MEASURED: Final = (
    Rule(
        "battery",
        _battery,
        10 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"battery at {v.battery_pct:g} %: charge or exchange it",
    ),
    Rule(
        "battery_forecast",
        _battery_soon,
        0,
        failed=False,
        text=lambda _, f: f"battery empty in about {f.days_left or 0:.0f} days",
    ),
    Rule(
        "signal",
        _signal,
        30 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"weak signal: {v.rssi_dbm:g} dBm",
    ),
    Rule(
        "storage",
        _storage,
        10 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"{v.storage_free_pct:g} % of its storage is free",
    ),
    Rule(
        "temperature",
        _temperature,
        10 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"{v.temperature_c:g} °C: is it in the sun?",
    ),
    Rule(
        "clock",
        _clock,
        10 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"its clock is {(v.clock_offset_ms or 0) / 1000:+.0f} s off",
    ),
    Rule(
        "buffer",
        _buffer,
        10 * MINUTE_MS,
        failed=False,
        text=lambda v, _: f"{v.buffer_depth or 0} events wait in it",
    ),
    Rule(
        "restarts",
        _restarts,
        0,
        failed=True,
        text=lambda _, f: f"restarted {len(f.restarts)} times of late",
    ),
    Rule(
        "selftest",
        _selftest,
        0,
        failed=True,
        text=lambda _, f: f"its self-test failed: {', '.join(f.failed_checks)}",
    ),
    Rule(
        "stuck_key",
        _stuck_key,
        0,
        failed=True,
        text=lambda _, f: (
            "a key is stuck"
            if f.stuck_key is None
            else f"key {f.stuck_key} is stuck: it presses by itself"
        ),
    ),
    Rule("dead_key", _dead_key, 0, failed=True, text=_keys),
    Rule(
        "silent",
        _silent,
        0,
        failed=False,
        text=lambda _, f: f"alive, but {f.expected:.0f} expected ratings did not come",
    ),
    Rule(
        "lost_presses",
        _lost_presses,
        0,
        failed=False,
        text=lambda _, f: f"{f.lacking} of a day's {f.pressed} presses never came",
    ),
    Rule(
        "firmware",
        _firmware,
        0,
        failed=False,
        text=lambda _, f: f"its firmware is behind: {f.behind}",
    ),
    Rule(
        OVERDUE,
        _overdue,
        0,
        failed=False,
        text=lambda _, f: f"{', '.join(f.overdue)} overdue: do it and record it",
    ),
)
FAULTS: Final = (
    ("rtc", False),
    ("storage", True),
    ("display", True),
    ("audio", False),
    ("touch", True),
    ("network", False),
    ("tamper", True),
)


def _of_fault(name: str, *, failed: bool) -> Rule:
    """The rule of a fault that a device reports by itself."""
    return Rule(
        f"fault_{name}",
        lambda vitals, _, _stands: name in vitals.faults,
        0,
        failed,
        lambda _v, _f: f"it reports a fault: {name}",
    )


RULES: Final = (
    *_MEASURED,
    *(_of_fault(name, failed=failed) for name, failed in FAULTS),
)
_FAILED: Final = frozenset(rule.code for rule in RULES if rule.failed)


def diagnose(found: Findings, vitals: Vitals, at_ms: int | None = None) -> list[Reason]:
    """Judge by every rule; answers the reasons that came or went.

    `at_ms` is when something else than a heartbeat or a self-test was learnt.
    """
    if not found.reasons and not found.bad_since and is_sound(vitals, found):
        return []
    at_ms = vitals.received_ms if at_ms is None else at_ms
    standing = {reason.code: reason for reason in found.reasons}
    bad_since = found.bad_since or {}
    changed: list[Reason] = []
    for code, judge, lasts_ms, _, text in RULES:
        stands = standing.get(code)
        bad = judge(vitals, found, stands)
        if bad is None or bad is (stands is not None):
            if not bad:
                bad_since.pop(code, None)
            continue
        if not bad:
            changed.append(standing.pop(code))
            continue
        since_ms = bad_since.setdefault(code, at_ms) if lasts_ms else at_ms
        if at_ms - since_ms >= lasts_ms:
            bad_since.pop(code, None)
            standing[code] = Reason(code, since_ms, text(vitals, found))
            changed.append(standing[code])
    found.bad_since = bad_since or None
    if changed:
        found.reasons = tuple(standing.values())
    return changed


def is_sound(v: Vitals, f: Findings) -> bool:
    """Whether no rule can find anything wrong, so that none has to be asked.

    Said of nearly every heartbeat, and far cheaper than asking the rules. False where
    only they know.
    """
    return (
        (v.rssi_dbm is None or v.rssi_dbm >= RSSI_DBM_MIN)
        and (v.battery_pct is None or v.battery_pct >= BATTERY_PCT_MIN)
        and (v.storage_free_pct is None or v.storage_free_pct >= STORAGE_PCT_MIN)
        and (v.temperature_c is None or COLD_C_MIN <= v.temperature_c <= HEAT_C_MAX)
        and -CLOCK_OFF_MS_MAX <= (v.clock_offset_ms or 0) <= CLOCK_OFF_MS_MAX
        and (v.buffer_depth or 0) < BUFFER_MAX
        and (v.buffer_oldest_s or 0) < BUFFER_S_MAX
        and f.expected < SILENT_EXPECTED
        and (f.days_left is None or f.days_left >= DAYS_LEFT_MIN)
        and f.lacking <= f.pressed * LOST_SHARE_MAX
        and (not f.restarts or f.restarts[-1] <= v.received_ms - HOUR_MS)
        and (f.stuck_ms is None or f.stuck_ms <= v.received_ms - HOUR_MS)
        and not (f.unmoved or f.missed_keys or f.failed_checks or v.faults)
        and not (f.behind or f.overdue)
    )


def health_of(found: Findings) -> Health:
    if not found.reasons:
        return "ok"
    failed = any(reason.code in _FAILED for reason in found.reasons)
    return "failed" if failed else "degraded"


def take_selftest(found: Findings, test: SelfTest, keys: int, at_ms: int) -> None:
    """Take in a self-test: what failed, and which keys nobody could press.

    Only a test that had keys pressed tells of keys. One that comes after a later one,
    because its terminal was cut off, tells nothing any more.
    """
    if at_ms < found.tested_ms:
        return
    found.tested_ms = at_ms
    found.failed_checks = tuple(
        item.code for item in test.items if item.result == "fail"
    )
    if test.keys_pressed:
        pressed = frozenset(test.keys_pressed)
        found.missed_keys = tuple(key for key in range(keys) if key not in pressed)
