"""What may be asked of a terminal, and what is refused at once."""

from typing import Any

import pytest

from fleet.commands.catalogue import (
    COMMANDS,
    MODE_S_MAX,
    CommandError,
    known_to,
    read_parameters,
)

NOW_MS = 1_795_262_400_000


@pytest.mark.parametrize(
    ("name", "given", "args"),
    [
        ("identify", {}, {"seconds": 10}),
        ("identify", {"seconds": 30}, {"seconds": 30}),
        ("reboot", {}, {}),
        ("selftest", {}, {}),
        ("press_test", {}, {"timeout_s": 120}),
        ("prompt", {"session_id": "A1"}, {"session_id": "A1"}),
        ("set_mode", {"mode": "live"}, {"mode": "live"}),
        (
            "set_mode",
            {"mode": "maintenance", "seconds": 60},
            {"mode": "maintenance", "until": "2026-11-21T12:01:00.000Z"},
        ),
        (
            "set_mode",
            {"mode": "test"},
            {"mode": "test", "until": "2026-11-21T20:00:00.000Z"},
        ),
    ],
)
def test_parameters_become_the_arguments_of_the_message(
    name: str, given: dict[str, Any], args: dict[str, Any]
) -> None:
    assert read_parameters(name, given, None).args(NOW_MS) == args


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("identify", {"seconds": 0}),
        ("identify", {"second": 1}),
        ("identify", {"seconds": "10"}),
        ("reboot", {"now": True}),
        ("prompt", {"stage": 3}),
        ("set_mode", {}),
        ("set_mode", {"mode": "asleep"}),
        ("set_mode", {"mode": "maintenance", "seconds": MODE_S_MAX + 1}),
        ("identify", {"seconds": "x" * 5_000}),
    ],
)
def test_parameters_that_are_not_its_are_refused(
    name: str, given: dict[str, Any]
) -> None:
    with pytest.raises(CommandError) as found:
        read_parameters(name, given, None)
    assert found.value.code == "invalid"
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("name", "known"),
    [("fly", None), ("identify", frozenset({"reboot"})), ("identify", frozenset())],
)
def test_what_a_terminal_does_not_know_is_refused(
    name: str, known: frozenset[str] | None
) -> None:
    with pytest.raises(CommandError) as found:
        read_parameters(name, {}, known)
    assert found.value.code == "unknown_command"


def test_a_command_of_the_maker_passes_as_it_is_to_who_knows_it() -> None:
    given = {"language": "zh"}
    found = read_parameters("set_language", given, frozenset({"set_language"}))
    assert found.args(NOW_MS) == given


def test_what_a_terminal_says_counts_before_what_its_profile_says() -> None:
    told = {"commands": ["identify", 5]}
    assert known_to(told, ("reboot",)) == frozenset({"identify"})
    assert known_to({}, ("reboot",)) == frozenset({"reboot"})
    assert known_to({"commands": "all"}, None) is None


def test_no_command_takes_longer_than_its_parameters_allow() -> None:
    given = {"set_mode": {"mode": "live"}}
    takes = {
        name: read_parameters(name, given.get(name, {}), None).takes_s
        for name in COMMANDS
    }
    assert takes == {
        "identify": 10,
        "reboot": 0,
        "selftest": 120,
        "press_test": 120,
        "prompt": 0,
        "set_mode": 0,
    }
