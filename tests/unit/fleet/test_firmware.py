"""Whether a device's firmware is behind its model's target."""

import pytest

from fleet.firmware import is_behind


@pytest.mark.parametrize(
    ("firmware", "target", "behind"),
    [
        ("2.9.1", "2.10", True),
        ("2.10", "2.10", False),
        ("2.10.1", "2.10", False),
        ("v3-20260101", "v3-20261101", True),
        ("beta", "stable", True),
        ("stable", "stable", False),
    ],
)
def test_numbers_are_compared_as_numbers(
    firmware: str, target: str, *, behind: bool
) -> None:
    assert is_behind(firmware, target) is behind
