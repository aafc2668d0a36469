"""Reconciliation sees every kind of damage, and repetitions are none."""

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from simulators import reconcile
from simulators.reconcile import (
    HeldPoint,
    Manifest,
    TakenEvent,
    judge_events,
    judge_points,
)

SENT: dict[str, Any] = {
    "event_id": "e1",
    "device_id": "pad-1",
    "level": 5,
    "session_id": "S1",
    "employee_id": "E1",
    "seq": 1,
    "occurred_ms": 1_700_000_000_123,
}
MANIFEST: Manifest = {"pad-1:e1": SENT}
POINT = HeldPoint("pad-1:e1", 5, 1, 1_700_000_000_123_000_042)
DATA = {
    **{name: SENT[name] for name in ("event_id", "device_id", "level")},
    "session_id": "S1",
    "employee_id": "E1",
    "rating_id": "pad-1:e1",
    "occurred_at": "2023-11-15T06:13:20.123+08:00",
}
EVENT = TakenEvent("recorded:pad-1:e1:1", reconcile.RECORDED, DATA)


def counts(found: reconcile.Findings) -> tuple[int, int, int, int]:
    return found.missing, found.extra, found.altered, found.repeated


def test_what_arrived_once_is_right() -> None:
    assert counts(judge_points(MANIFEST, [POINT])) == (0, 0, 0, 0)
    found = judge_events(MANIFEST, [EVENT])
    assert counts(found) == (0, 0, 0, 0)
    assert found.held == 1


def test_what_did_not_arrive_is_missing() -> None:
    assert counts(judge_points(MANIFEST, [])) == (1, 0, 0, 0)
    assert judge_events(MANIFEST, []).examples == {"missing": ["pad-1:e1"]}


@pytest.mark.parametrize(
    "extra",
    [POINT._replace(time_ns=1), POINT._replace(rating_id="pad-1:other")],
)
def test_a_second_or_unknown_point_is_extra(extra: HeldPoint) -> None:
    assert counts(judge_points(MANIFEST, [POINT, extra])) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    "altered",
    [
        POINT._replace(level=4),
        POINT._replace(effective=0),
        POINT._replace(time_ns=POINT.time_ns + 1_000_000),
    ],
)
def test_a_point_with_other_values_is_altered(altered: HeldPoint) -> None:
    assert counts(judge_points(MANIFEST, [altered])) == (0, 0, 1, 0)


def test_the_same_event_again_is_a_repetition() -> None:
    assert counts(judge_events(MANIFEST, [EVENT, EVENT, EVENT])) == (0, 0, 0, 2)


@pytest.mark.parametrize(
    "extra",
    [
        EVENT._replace(id="another"),
        EVENT._replace(id="foreign", data={**DATA, "rating_id": "pad-1:other"}),
    ],
)
def test_a_second_id_or_an_unknown_rating_is_extra(extra: TakenEvent) -> None:
    assert counts(judge_events(MANIFEST, [EVENT, extra])) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"level": 4},
        {"session_id": None},
        {"employee_id": "E2"},
        {"occurred_at": "2023-11-15T06:13:20.124+08:00"},
    ],
)
def test_an_event_with_other_data_is_altered(change: dict[str, object]) -> None:
    event = EVENT._replace(data={**DATA, **change})
    assert counts(judge_events(MANIFEST, [event])) == (0, 0, 1, 0)


def test_other_events_are_counted_apart() -> None:
    other = TakenEvent("x", "evalgate.alert.opened.v1", {})
    found = judge_events(MANIFEST, [EVENT, other])
    assert found.other == {"evalgate.alert.opened.v1": 1}
    assert not found.damaged


def test_only_what_the_backend_took_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, manifest = tmp_path / "log", tmp_path / "manifest"
    manifest.write_text(json.dumps(SENT) + "\n")
    body = json.dumps([{"id": EVENT.id, "type": EVENT.type, "data": DATA}])
    arguments = ["--manifest", str(manifest), "--log", str(log)]
    log.write_text(json.dumps({"status": 503, "body": body}) + "\n")
    assert reconcile.main(arguments) == 1
    log.write_text(json.dumps({"status": 204, "body": body}) + "\n")
    capsys.readouterr()
    assert reconcile.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["events"]["held"] == 1


def test_a_device_can_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, manifest = tmp_path / "log", tmp_path / "manifest"
    manifest.write_text("")
    body = json.dumps([{"id": EVENT.id, "type": EVENT.type, "data": DATA}])
    log.write_text(json.dumps({"status": 204, "body": body}) + "\n")
    arguments = ["--manifest", str(manifest), "--log", str(log)]
    assert reconcile.main([*arguments, "--without", "pad-2"]) == 1
    assert reconcile.main([*arguments, "--without", "pad-1"]) == 0
    capsys.readouterr()


def test_it_stands_on_the_standard_library_alone() -> None:
    tree = ast.parse(Path(reconcile.__file__).read_text("utf-8"))
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert names <= sys.stdlib_module_names
