"""What customers said, as everybody may read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.folded_api import FoldedApi

PHONE = "138 0013-8000"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    said = {
        "comment": f"Slow. Call {PHONE} or li@example.org, Mrs Li",
        "contact": {"kind": "other", "value": "Mrs Li"},
    }
    api.world.publish(
        "d-1", {"event_id": "event-0001", "level": 1, "reasons": ["slow"], **said}
    )
    alone = {"level": None, "comment_for": "event-0001", "comment": "Thank you!"}
    api.world.publish("d-1", {"event_id": "event-0002", **alone})
    api.world.publish("d-1", {"event_id": "event-0003", "level": 5})
    yield api
    api.close()


async def test_opinions_are_told_without_who_said_them(api: FoldedApi) -> None:
    thanks, slow = (await api.get("/api/v1/comments")).json()["items"]
    assert slow["comment"] == "Slow. Call *** or ***, ***"
    assert (slow["level"], slow["reasons"], slow["has_contact"]) == (1, ["slow"], True)
    assert (thanks["comment"], thanks["rating_id"]) == ("Thank you!", "d-1:event-0001")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"level": 1}, 1),
        ({"level": 5}, 0),
        ({"reason": "slow"}, 1),
        ({"reason": "rude"}, 0),
        ({"department": "tax"}, 0),
        ({"to": "2026-11-21T00:00:00Z"}, 0),
        ({"limit": 1}, 1),
    ],
)
async def test_opinions_can_be_chosen(
    api: FoldedApi, query: dict[str, object], count: int
) -> None:
    answer = await api.get("/api/v1/comments", **query)
    assert len(answer.json()["items"]) == count


async def test_what_was_erased_is_said_to_be(api: FoldedApi) -> None:
    api.world.store.run("UPDATE personal SET sealed = NULL")
    for item in (await api.get("/api/v1/comments")).json()["items"]:
        assert (item["comment"], item["erased"]) == (None, True)
