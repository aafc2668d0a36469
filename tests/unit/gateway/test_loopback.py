"""Which hosts only this machine reaches."""

import pytest

from gateway.loopback import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "evil.example", ""])
def test_anything_else_may_be_reached_from_elsewhere(host: str) -> None:
    assert not is_loopback(host)
