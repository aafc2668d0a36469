"""What of a heartbeat is kept."""

from device_protocol.messages import Heartbeat
from fleet.vitals import Vitals, learn, presses_between


def test_the_newest_figures_are_kept_and_what_is_not_said_is_not_known() -> None:
    vitals = Vitals()
    learn(vitals, Heartbeat(battery_pct=80, firmware="1.2"), 1_000, None, live=True)
    learn(vitals, Heartbeat(rssi_dbm=-60), 2_000, None, live=True)
    assert (vitals.battery_pct, vitals.rssi_dbm) == (None, -60)
    assert vitals.firmware == "1.2"


def test_a_heartbeat_folded_later_than_a_newer_one_changes_nothing() -> None:
    vitals = Vitals()
    learn(vitals, Heartbeat(battery_pct=80), 2_000, None, live=True)
    assert not learn(vitals, Heartbeat(battery_pct=10), 1_000, None, live=True)
    assert vitals.battery_pct == 80


def test_what_waited_in_the_queue_tells_nothing_of_the_clock() -> None:
    vitals = Vitals()
    learn(vitals, Heartbeat(), 90_000_000, 1_000, live=False)
    assert vitals.clock_offset_ms is None


def test_one_heartbeat_delivered_three_times_is_one_witness_of_the_clock() -> None:
    vitals = Vitals()
    claimed_ms = 1_700_000_000_000
    for delay_ms in (0, 500, 900):
        received_ms = claimed_ms + 8 * 3_600_000 + delay_ms
        learn(vitals, Heartbeat(), received_ms, claimed_ms, live=True)
    assert vitals.clock.heartbeats == 1


def test_presses_are_the_differences_of_counters_that_wrap() -> None:
    assert presses_between([1, 2, 3], [1, 5, 4]) == [0, 3, 1]
    assert presses_between([2**32 - 3], [2]) == [5]


def test_counters_that_began_anew_tell_of_no_presses() -> None:
    assert presses_between([5_000], [3]) is None
    assert presses_between([1, 2], [1, 2, 3]) is None
