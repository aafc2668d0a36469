"""What stands in a line of the log, and what never does."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from gateway.observability.logging import configure_logging


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hook = sys.excepthook
    yield
    sys.excepthook = hook
    root.handlers[:], root.level = handlers, level


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def refuse(_phone: str) -> None:
    raise ValueError


def test_an_event_is_one_json_object_a_line() -> None:
    out = io.StringIO()
    configure_logging("info", "ingest", out)
    structlog.get_logger().info("block_appended", block=7, site="大厅")
    (line,) = lines(out)
    assert line.pop("at")
    assert line == {
        "role": "ingest",
        "level": "info",
        "event": "block_appended",
        "block": 7,
        "site": "大厅",
    }


def test_what_is_below_the_level_is_not_written() -> None:
    out = io.StringIO()
    configure_logging("warning", "ingest", out)
    structlog.get_logger().info("block_appended")
    assert out.getvalue() == ""


def test_private_fields_are_struck_out() -> None:
    out = io.StringIO()
    configure_logging("info", "process", out)
    structlog.get_logger().info("rating_folded", comment="call me", token="t")
    (line,) = lines(out)
    assert line["comment"] == line["token"] == "[struck out]"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_traceback_shows_no_local_variables(stream: type[io.StringIO]) -> None:
    out = stream()
    configure_logging("info", "process", out)
    phone = "13800000000"
    try:
        refuse(phone)
    except ValueError:
        structlog.get_logger().exception("role_died")
    assert "ValueError" in out.getvalue()
    assert phone not in out.getvalue()


def test_what_ends_a_process_is_an_event_too() -> None:
    out = io.StringIO()
    configure_logging("info", "process", out)
    error = ExceptionGroup("tasks", [ValueError("inner")])
    sys.excepthook(type(error), error, None)
    (line,) = lines(out)
    assert (line["event"], line["level"]) == ("process_crashed", "critical")
    assert "inner" in out.getvalue()


def test_a_librarys_warning_joins_ours_and_its_chatter_does_not() -> None:
    out = io.StringIO()
    configure_logging("debug", "deliver", out)
    logging.getLogger("aiohttp").info("chatter")
    logging.getLogger("aiohttp").warning("slow %s", "host")
    (line,) = lines(out)
    assert (line["event"], line["library"]) == ("library_message_logged", "aiohttp")
    assert (line["text"], line["level"]) == ("slow host", "warning")


def test_a_terminal_gets_lines_for_people() -> None:
    out = Terminal()
    configure_logging("info", "ingest", out)
    structlog.get_logger().info("block_appended", block=7)
    assert "block_appended" in out.getvalue()
    assert not out.getvalue().startswith("{")
