"""`evalgate maintenance`: sealed months on the command line."""

from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi

Captured = pytest.CaptureFixture[str]

PATH = "/api/v1/maintenance-statements"
SEALED: dict[str, object] = {
    "month": "2026-10",
    "site": None,
    "as_of": "2026-11-01T00:30:00Z",
    "author": "anna \x1b[2J",
    "rules_revision": "r1",
    "digest": "abc",
    "intact": True,
    "key_id": 1,
    "signature": "def",
    "signed": True,
}
WHOLE = SEALED | {
    "groups": [
        {
            "group": {"device": "d-1", "site": "hall"},
            "sums": {"required_ms": 7_200_000, "down_ms": 1_800_000, "failures": 2},
        }
    ],
    "work": {"repair.ok": 2},
    "parts": {},
    "adjustments": [{"group": {"device": "d-1"}, "sums": {"failures": -1, "down": 0}}],
}


def call(api: CannedApi, *argv: str) -> int:
    return main(["maintenance", *argv, "--config", str(api.config)])


def test_a_month_is_sealed_for_a_site(api: CannedApi, capsys: Captured) -> None:
    done = {"place": "1.2.0.0", "processed": True, "outcome": {"digest": "abc"}}
    api.answers = {f"POST {PATH}/2026-10": (200, done)}
    assert call(api, "seal", "2026-10", "--site", "hall") == 0
    assert api.asked[0][0] == f"POST {PATH}/2026-10?site=hall"
    assert capsys.readouterr().out == "done: digest abc\n"


def test_a_month_is_shown_with_its_verdict_work_and_sums(
    api: CannedApi, capsys: Captured
) -> None:
    api.answers = {f"GET {PATH}/2026-10": (200, WHOLE)}
    assert call(api, "show", "2026-10") == 0
    sums = "required 2.0 h, down 0.5 h, maintenance 0.0 h, failures 2, repairs 0"
    assert capsys.readouterr().out.splitlines() == [
        "2026-10, all sites: intact, the signature holds (key 1), SHA-256 abc",
        "sealed by anna �[2J as of 2026-11-01T00:30:00Z",
        "work: repair.ok: 2",
        "parts: none",
        f"  d-1 hall: {sums}",
        "  since then d-1: failures -1",
    ]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({}, 0, "intact, the signature holds"),
        ({"signed": None}, 0, "cannot be verified"),
        ({"signed": False}, 1, "THE SIGNATURE DOES NOT HOLD"),
        ({"intact": False}, 1, "ALTERED"),
    ],
)
def test_verify_fails_for_a_month_that_is_not_what_was_sealed(
    api: CannedApi, capsys: Captured, change: dict[str, object], code: int, words: str
) -> None:
    items = [SEALED, SEALED | {"month": "2026-09", **change}]
    api.answers = {
        f"GET {PATH}": (200, {"items": items, "next_cursor": None}),
        f"GET {PATH}/2026-09": (200, items[1]),
    }
    assert call(api, "verify") == code
    assert words in capsys.readouterr().out.splitlines()[1]
    assert call(api, "verify", "2026-09") == code
    assert words in capsys.readouterr().out


def test_months_are_listed(api: CannedApi, capsys: Captured) -> None:
    api.answers = {f"GET {PATH}": (200, {"items": [SEALED], "next_cursor": None})}
    assert call(api, "list") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("2026-10\t")


def test_an_export_is_what_the_api_gives(api: CannedApi, tmp_path: Path) -> None:
    api.answers = {f"GET {PATH}/2026-10": (200, b"<!doctype html>")}
    page = tmp_path / "october.html"
    words = ["export", "2026-10", "--format", "html", "--output", str(page)]
    assert call(api, *words) == 0
    assert page.read_bytes() == b"<!doctype html>"
    assert api.asked[0][0] == f"GET {PATH}/2026-10?format=html"


def test_an_export_that_cannot_be_written_says_so(
    api: CannedApi, tmp_path: Path, capsys: Captured
) -> None:
    api.answers = {f"GET {PATH}/2026-10": (200, b"x")}
    assert call(api, "export", "2026-10", "--output", str(tmp_path)) == 1
    assert "Is a directory" in capsys.readouterr().err
