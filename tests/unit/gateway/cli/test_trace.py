"""`trace`: one rating's whole way as a timeline."""

import json
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.ports import Record, RecordKind
from tests.support.stores import Stores
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]
RATING = {
    "rating_id": "dev-1:E0000001",
    "event_id": "E0000001",
    "device_id": "dev-1",
    "site": "hall",
    "window": "w3",
    "level": 2,
    "occurred_at": "2026-11-21T01:00:00.000Z",
    "claimed_at": "2020-01-01T00:00:00.000Z",
    "received_at": "2026-11-21T01:00:01.000Z",
    "time_quality": "gateway",
    "effective": True,
    "void": None,
    "history": [],
    "trace": {
        "place": "1.3.1.1",
        "decision": {
            "fate": "accepted",
            "effective": True,
            "flags": ["fast"],
            "time_quality": "gateway",
            "session_key": "hall/s-9/1",
            "ordinal": 12,
        },
        "point": {"tags": "device=dev-1", "time_ns": 1_795_000_000_000_000_012},
        "deliveries": [
            {"sink": "points", "event": "rating.recorded", "state": "delivered"},
            {"sink": "hook", "event": "rating.recorded", "state": "owed"},
            {"sink": "old", "event": "rating.recorded", "state": "dead"},
        ],
    },
}
PATH = "GET /api/v1/ratings/dev-1:E0000001"


def traced(api: CannedApi, capsys: Captured, rating: dict[str, object]) -> list[str]:
    api.answers = {PATH: (200, rating)}
    assert main(["trace", "dev-1:E0000001", "--config", str(api.config)]) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_way_is_told_in_the_order_of_what_happened(
    api: CannedApi, capsys: Captured
) -> None:
    title, *lines = traced(api, capsys, RATING)
    assert title == "dev-1:E0000001: level 2, effective, hall, window w3"
    assert [line.split()[0] for line in lines] == [
        "pressed",
        "claimed",
        "received",
        "recorded",
        "decided",
        "point",
        "delivered",
        "owed",
        "dead",
    ]
    assert "the gateway's clock: the terminal's cannot be right" in lines[0]
    assert "journal.db is not on this machine" in lines[3]
    assert lines[4] == "decided accepted, ordinal 12, session hall/s-9/1, flags fast"
    assert lines[8] == "dead rating.recorded to old"


def test_programs_get_the_apis_body(api: CannedApi, capsys: Captured) -> None:
    api.answers = {PATH: (200, RATING)}
    config = str(api.config)
    assert main(["trace", "dev-1:E0000001", "--json", "--config", config]) == 0
    assert json.loads(capsys.readouterr().out) == RATING


def test_an_event_id_that_two_devices_used_is_the_apis_problem(
    api: CannedApi, capsys: Captured
) -> None:
    detail = "E0000001 is ambiguous: give DEVICE_ID:EVENT_ID."
    api.answers = {"GET /api/v1/ratings/E0000001": (409, {"detail": detail})}
    assert main(["trace", "E0000001", "--config", str(api.config)]) == 1
    assert capsys.readouterr().err == f"evalgate: {detail}\n"


def test_voids_and_other_ratings_of_the_session_are_told(
    api: CannedApi, capsys: Captured
) -> None:
    other = {**RATING, "rating_id": "dev-1:E0000002", "level": 5, "effective": False}
    void = {"reason": "misuse", "by": "audit"}
    changed = {**RATING, "void": void, "history": [RATING, other]}
    text = "\n".join(traced(api, capsys, changed))
    assert "voided by audit: misuse" in text
    assert "dev-1:E0000002: level 5, not effective" in text


@pytest.fixture
def stores(api: CannedApi, tmp_path: Path) -> Stores:
    """A journal whose third block is an array of two ratings, after another message."""
    stores = Stores(tmp_path / "kept")
    stores.start()
    first = {"v": 1, "event_id": "E0000000", "level": 5}
    private = {"comment": "my words", "contact": {"kind": "phone", "value": "123"}}
    array = json.dumps([first, {**first, "event_id": "E0000001", **private}]).encode()
    topic = "evaluators/v1/dev-1/rating"
    stores.append(
        [
            Record(RecordKind.MESSAGE, topic, it, 1_795_000_000_000)
            for it in (b"{", array)
        ]
    )
    data_dir, keyring = stores.paths.data_dir, stores.paths.keyring
    text = f'[gateway]\ndata_dir = "{data_dir}"\nkeyring_file = "{keyring}"\n'
    api.config.write_text(text + api.config.read_text("utf-8"), "utf-8")
    return stores


def at(place: str) -> dict[str, object]:
    return {**RATING, "trace": {**RATING["trace"], "place": place}}  # type: ignore[dict-item]  # an object


def test_the_journals_record_is_shown_without_personal_data(
    api: CannedApi, capsys: Captured, stores: Stores
) -> None:
    number = stores.journal.read()[-1].header.number
    text = "\n".join(traced(api, capsys, at(f"1.{number}.1.1")))
    assert "evaluators/v1/dev-1/rating, " in text
    assert f"at 1.{number}.1.1, on disk" in text
    assert '"event_id": "E0000001"' in text
    assert '"comment": "…", "contact": "…"' in text
    assert "my words" not in text


@pytest.mark.usefixtures("stores")
def test_a_record_that_was_pruned_is_told(api: CannedApi, capsys: Captured) -> None:
    text = "\n".join(traced(api, capsys, at("1.900.0.0")))
    assert "recorded at 1.900.0.0, pruned from the journal since" in text
