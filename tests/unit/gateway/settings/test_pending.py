"""A key that does nothing yet says so."""

from gateway.settings import Settings
from gateway.settings.pending import without_effect

BROKER = {"url": "mqtt://127.0.0.1"}


def lines(**tables: object) -> list[str]:
    return list(without_effect(Settings.model_validate({"broker": BROKER, **tables})))


def test_defaults_promise_nothing() -> None:
    assert lines() == []


def test_each_key_that_is_given_and_not_read_has_a_line() -> None:
    found = lines(retention={"rating_days": 500}, backup={"directory": "copies"})
    assert [line.partition(":")[0] for line in found] == ["retention.rating_days"]
