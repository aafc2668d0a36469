"""Times as callers write them, and as they are told."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.console.instants import Rfc3339, since_epoch
from gateway.events import rfc3339

read = TypeAdapter[Any](Rfc3339).validate_python


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-21T20:00:00.5+08:00", "2026-11-21T12:00:00.500Z"),
        ("2026-11-21t12:00z", "2026-11-21T12:00:00.000Z"),
        ("0280-04-05T02:00:54Z", "0280-04-05T02:00:54.000Z"),
    ],
)
def test_a_time_comes_back_as_it_was_meant(text: str, told: str) -> None:
    assert rfc3339(since_epoch(read(text))) == told


@pytest.mark.parametrize(
    "value",
    ["1795262400", 1_795_262_400, 1.5, "-9e-32", "2026-11-21", "2026-11-21T12:00:00"],
)
def test_what_has_no_date_no_time_or_no_offset_is_no_time(value: object) -> None:
    with pytest.raises(ValidationError):
        read(value)
