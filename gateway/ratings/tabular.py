"""Reports as CSV that a spreadsheet reads as text, never as formulas."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it spreadsheets take Chinese for another character set."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?%?")
# The last four are full-width forms of the first four: some spreadsheets run those.
_DANGEROUS: Final = tuple("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def safe_cell(value: object) -> str:
    """A cell's text; what a spreadsheet might run gets an apostrophe in front.

    Numbers stay numbers, also negative ones; None is an empty cell.
    """
    text = "" if value is None else str(value)
    if _NUMBER.fullmatch(text) or not text.lstrip(" ").startswith(_DANGEROUS):
        return text
    return f"'{text}"


def safe_name(value: object) -> str:
    """A cell that is a name: it stays text, though it look like a number."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("+", "-")) else safe_cell(text)


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV (RFC 4180), with the mark that spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(map(safe_cell, header))
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
