"""What a verb prints: tables for people, the API's body for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


class Mark(Enum):
    """How a word stands out on a terminal; a pipe gets it plain."""

    PLAIN = ""
    GOOD = "green"
    WARNING = "yellow"
    BAD = "bold red"


def write_json(body: object) -> None:
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")


def write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def write_marked(mark: Mark, word: str, text: str) -> None:
    """A line that begins with a word in colour; long lines wrap by the terminal."""
    if not sys.stdout.isatty():
        write_line(f"{word} {text}".rstrip())
        return
    line = Text.assemble((word, mark.value), " ", text)
    _console().print(line, soft_wrap=True)


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as the terminal; in a pipe, cells with tabs between them."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            write_line("\t".join(_cell(value) for value in row))
        return
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    _console().print(table)


def write_items(columns: Sequence[str], page: dict[str, Any]) -> None:
    """One page of a list of the API, and how to get the next."""
    items = page["items"]
    write_table(columns, ([item[column] for column in columns] for item in items))
    if page["next_cursor"] is not None:
        write_line(f"more: --cursor {page['next_cursor']}")


def write_fields(item: dict[str, Any]) -> None:
    """One item, a field a line."""
    width = max(map(len, item))
    for name, value in item.items():
        write_line(f"{name:<{width}}  {_cell(value)}")


def _cell(value: object) -> str:
    match value:
        case None:
            text = "-"
        case bool():
            text = "yes" if value else "no"
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False)
        case _:
            text = str(value)
    return printable(text)


def printable(text: str) -> str:
    """Terminals' words: no escape sequence of theirs reaches the operator's screen."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _console() -> Console:
    """For a terminal's width and colours; NO_COLOR is heeded."""
    return Console(file=sys.stdout, highlight=False)
