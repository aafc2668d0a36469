"""Whether a demo's end is a good one."""

from gateway.cli.demo.reckoning import reckon

RIGHT = {"held": 3, "missing": 0, "extra": 0, "altered": 0, "repeated": 1}


def test_equal_counts_are_right_whatever_came_twice() -> None:
    found = reckon(3, 3, {"points": RIGHT, "events": RIGHT})
    assert found.right
    assert list(found.lines()) == [
        (
            "3 pressed = 3 kept in the ledger = 3 delivered to InfluxDB"
            " = 3 delivered to backend"
        )
    ]


def test_a_press_that_is_missing_is_named_where_it_is() -> None:
    lost = {**RIGHT, "held": 2, "missing": 1}
    found = reckon(3, 3, {"points": RIGHT, "events": lost})
    assert not found.right
    first, second = found.lines()
    assert first.count(" ≠ ") == 3
    assert second == "backend: 1 missing, 0 extra, 0 altered"


def test_what_was_not_kept_or_not_compared_is_not_right() -> None:
    assert not reckon(3, 2, {"points": RIGHT, "events": RIGHT}).right
    assert not reckon(3, None, {"points": RIGHT, "events": RIGHT}).right
    uncompared = reckon(3, 3, {"points": RIGHT})
    assert not uncompared.right
    assert list(uncompared.lines())[1] == "backend could not be compared"


def test_presses_of_terminals_that_are_offline_are_told_of() -> None:
    found = reckon(3, 3, {"points": RIGHT, "events": RIGHT}, unsent=2)
    assert found.right
    assert list(found.lines())[1] == "2 more are kept by terminals that are offline"
