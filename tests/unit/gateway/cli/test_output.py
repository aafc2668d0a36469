"""What a terminal gets, and what a pipe gets."""

import io
import sys

import pytest

from gateway.cli.output import Mark, write_marked, write_table


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen_of(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Made within the test: pytest puts its own output in place before it."""
    made = Screen()
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return made


ROWS = [("dev-1", None, True), ("dev\t\x1b[2J", 2.5, ["a"])]


def test_a_pipe_gets_cells_with_tabs_between_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_table(("name", "site", "ok"), ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "name\tsite\tok",
        "dev-1\t-\tyes",
        'dev\ufffd\ufffd[2J\t2.5\t["a"]',
    ]


def test_a_pipe_gets_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    write_marked(Mark.BAD, "fail", "text")
    assert capsys.readouterr().out == "fail text\n"


def test_a_terminal_gets_a_table_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    write_table(("name", "site", "ok"), ROWS)
    write_marked(Mark.BAD, "fail", "text")
    text = screen.getvalue()
    assert "───" in text
    assert "\x1b[1;31mfail\x1b[0m text" in text
    assert "\x1b[2J" not in text


def test_no_colour_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    write_marked(Mark.GOOD, "ok", "text")
    assert "\x1b[3" not in screen.getvalue()
