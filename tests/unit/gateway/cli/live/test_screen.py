"""Where pictures go."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.cli.live.screen import Screen, save_svg
from tests.unit.gateway.cli.live.pictures import NOON_MS, PICTURE


def test_in_a_pipe_each_picture_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen() as screen:
        assert not screen.is_live
        screen.say("starting")
        screen.show(PICTURE)
    starting, line = capsys.readouterr().out.splitlines()
    assert starting == "starting"
    assert " | ready | received 62 | " in line


def test_no_event_is_told_twice(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen() as screen:
        screen.show(PICTURE)
        screen.show(replace(PICTURE, at_ms=NOON_MS + 900))
    assert capsys.readouterr().out.count("process (pid 90) is gone") == 1


def test_a_terminal_that_cannot_be_redrawn_gets_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    with Screen() as screen:
        assert not screen.is_live


def test_a_saved_picture_asks_nothing_of_another_server(tmp_path: Path) -> None:
    path = tmp_path / "demo.svg"
    save_svg(PICTURE, path)
    svg = path.read_text("utf-8")
    assert "pad-1" in svg
    assert "@font-face" not in svg
    assert "url(http" not in svg
