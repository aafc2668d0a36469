"""Who is told of an alert, and at which hour."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from fleet.escalation import Duty, Recipient, read_quiet
from fleet.hours import HoursError

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    return int(moment.timestamp() * 1000)


def recipient(**fields: object) -> Recipient:
    return Recipient(name="anna", channel="email", **fields)  # type: ignore[arg-type] # a test's own choice


def told(asked: str, severity: str = "warning", **fields: object) -> int:
    return Duty(recipient(**fields), SHANGHAI).next_ms(at(asked), severity)


@pytest.mark.parametrize(
    ("fields", "cause", "severity", "line", "meant"),
    [
        ({}, "offline", "info", [], True),
        ({"severity_min": "warning"}, "offline", "info", [], False),
        ({"severity_min": "warning"}, "offline", "critical", [], True),
        ({"sites": ("north",)}, "offline", "info", ["hall", "north"], True),
        ({"sites": ("north",)}, "offline", "info", ["south"], False),
        ({"sites": ("north",)}, "disk_full", "critical", [], False),
        ({"causes": ("fault_*", "offline")}, "fault_rtc", "info", [], True),
        ({"causes": ("fault_*",)}, "offline", "critical", [], False),
    ],
)
def test_an_alert_is_told_by_site_cause_and_severity(
    fields: dict[str, object],
    cause: str,
    severity: str,
    line: list[str],
    *,
    meant: bool,
) -> None:
    assert recipient(**fields).concerns(cause, severity, line) is meant


def test_without_hours_one_is_told_at_any_time() -> None:
    assert told("2026-11-22 03:00") == at("2026-11-22 03:00")  # a Sunday


def test_outside_of_the_hours_it_waits_until_they_begin() -> None:
    hours = "mon-fri 08:00-18:00"
    assert told("2026-11-20 19:00", hours=hours) == at("2026-11-23 08:00")
    assert told("2026-11-23 09:00", hours=hours) == at("2026-11-23 09:00")


def test_at_quiet_hours_only_what_is_critical_is_told() -> None:
    quiet = "22:00-07:00"
    assert told("2026-11-22 23:30", quiet_hours=quiet) == at("2026-11-23 07:00")
    asked = "2026-11-22 03:00"
    assert told(asked, "critical", quiet_hours=quiet) == at(asked)


def test_somebody_who_is_quiet_at_all_hours_is_told_late_rather_than_never() -> None:
    asked = "2026-11-23 09:00"
    found = told(asked, hours="mon-fri 08:00-12:00", quiet_hours="00:00-24:00")
    assert found > at(asked)


@pytest.mark.parametrize("text", ["", "nine to five", "22:00", "25:00-07:00"])
def test_quiet_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(HoursError):
        read_quiet(text)


def test_a_night_that_ends_at_midnight_is_read() -> None:
    assert read_quiet("22:00-00:00")[0] == ((1320, 1440),)
