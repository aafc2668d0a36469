"""Which lifecycle a device may have next, and whose ids are no terminals'."""

import pytest

from fleet.registry import ACCEPTING, Lifecycle, is_reserved, may_become, out_of_service

MOVES = {
    ("pending", "active"),
    ("pending", "refused"),
    ("refused", "active"),
    ("active", "maintenance"),
    ("active", "retired"),
    ("maintenance", "active"),
    ("maintenance", "retired"),
}


@pytest.mark.parametrize("now", Lifecycle)
@pytest.mark.parametrize("wanted", set(Lifecycle) - {Lifecycle.PENDING})
def test_an_operator_makes_only_the_moves_of_the_lifecycle(
    now: Lifecycle, wanted: Lifecycle
) -> None:
    assert may_become(now, wanted) == ((now, wanted) in MOVES or now == wanted)


@pytest.mark.parametrize("now", Lifecycle)
def test_nobody_is_made_pending_again(now: Lifecycle) -> None:
    assert not may_become(now, Lifecycle.PENDING)


def test_a_device_in_maintenance_is_still_heard() -> None:
    assert {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE} == ACCEPTING


def test_ids_of_elements_over_http_are_reserved() -> None:
    assert is_reserved("http-local")
    assert not is_reserved("eval-http-1")


@pytest.mark.parametrize(
    ("device_id", "lifecycle", "told"),
    [
        ("d-1", "active", None),
        ("d-1", "maintenance", None),
        ("d-1", "pending", "d-1 is pending: approve it first"),
        ("d-1", "refused", "d-1 is refused: approve it first"),
        ("d-1", "retired", "d-1 is retired: take the terminal in its place"),
        ("http-local", "active", "http-local is no terminal"),
    ],
)
def test_what_can_be_asked_of_nothing_is_told_what_to_do(
    device_id: str, lifecycle: str, told: str | None
) -> None:
    assert out_of_service(device_id, lifecycle) == told
