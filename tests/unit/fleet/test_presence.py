"""An `offline` of a connection that is over says nothing."""

import pytest

from fleet.presence import Known, is_stale


@pytest.mark.parametrize(
    ("known", "state", "conn_id", "stale"),
    [
        ("c-2", "offline", "c-1", True),
        ("c-2", "offline", "c-2", False),
        ("c-2", "offline", None, False),
        (None, "offline", "c-1", False),
        ("c-2", "online", "c-1", False),
    ],
)
def test_only_an_offline_of_another_connection_is_stale(
    known: str | None, state: str, conn_id: str | None, *, stale: bool
) -> None:
    assert is_stale(Known(conn_id=known), state, conn_id) == stale


@pytest.mark.parametrize("value", [False, 1, "true", None])
def test_only_true_asks_for_receipts(value: object) -> None:
    assert Known(capabilities={"receipts": True}).receipts
    assert not Known(capabilities={"receipts": value}).receipts
