"""The shortcut of health agrees with the rules."""

from hypothesis import example, given
from hypothesis import strategies as st

from fleet.findings import HOUR_MS, Findings
from fleet.health import FAULTS, RULES, is_sound
from fleet.vitals import Vitals

NOW_MS = 1_795_262_400_000
FIGURES = {
    "battery_pct": (None, 19.9, 20, 90),
    "power": ("battery", "mains"),
    "rssi_dbm": (None, -80.5, -80, -40),
    "storage_free_pct": (None, 9, 10),
    "temperature_c": (None, -11, -10, 60, 61),
    "clock_offset_ms": (None, -120_001, -120_000, 0, 120_000, 120_001),
    "buffer_depth": (None, 0, 99, 100),
    "buffer_oldest_s": (None, 0, 3_599, 3_600),
    "faults": ((), *((fault,) for fault, _ in FAULTS)),
}
MEMORY = {
    "restarts": ((), (NOW_MS - HOUR_MS,) * 4, (NOW_MS - HOUR_MS + 1,) * 4),
    "failed_checks": ((), ("display",)),
    "missed_keys": ((), (1,)),
    "unmoved": ((), (2,)),
    "stuck_ms": (None, NOW_MS - HOUR_MS, NOW_MS - 1),
    "days_left": (None, 6.9, 7.0),
    "expected": (0.0, 15.9, 16.0),
    "pressed": (0, 19, 40),
    "lacking": (-1, 0, 10, 20, 21),
}


def mostly_sound(values: tuple[object, ...]) -> st.SearchStrategy[object]:
    return st.one_of(st.just(values[0]), st.just(values[0]), st.sampled_from(values))


VITALS = st.builds(
    Vitals,
    received_ms=st.just(NOW_MS),
    **{name: mostly_sound(values) for name, values in FIGURES.items()},
)
FINDINGS = st.builds(
    Findings, **{name: mostly_sound(values) for name, values in MEMORY.items()}
)


@given(VITALS, FINDINGS)
@example(Vitals(received_ms=NOW_MS, temperature_c=60), Findings(unmoved=(1,)))
def test_where_all_is_said_to_be_sound_no_rule_finds_anything(
    vitals: Vitals, found: Findings
) -> None:
    wrong = [rule.code for rule in RULES if rule.judge(vitals, found, None)]
    assert not (wrong and is_sound(vitals, found)), wrong


def test_a_terminal_that_is_well_is_sound() -> None:
    vitals = Vitals(received_ms=NOW_MS, battery_pct=80, rssi_dbm=-60, buffer_depth=0)
    assert is_sound(vitals, Findings())
