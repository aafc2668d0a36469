"""A report as a page to print: one table, nothing to load, nothing to run."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from gateway.ratings.dimensions import Value
from gateway.ratings.figures import Asked, Figures
from gateway.ratings.reports import header, row

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"
}
_STYLE: Final = """
body { font: 11pt/1.4 system-ui, sans-serif; margin: 2em; color: #111 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
th, td { border-bottom: 1px solid #ccc; padding: .3em .5em; text-align: right }
th { vertical-align: bottom; text-align: right }
th:first-child, td:first-child { text-align: left }
thead { display: table-header-group }
tr { break-inside: avoid }
@page { size: A4 landscape; margin: 12mm }
@media print { body { margin: 0 } }
"""


def rule_notes(
    groups: Iterable[tuple[Mapping[str, Value], Asked]], revision: str
) -> list[str]:
    """By which rules figures are, once for all groups that are ruled alike.

    Each key has one dimension.
    """
    rows: dict[str, list[str]] = {}
    for key, asked in groups:
        (name,) = key.values()
        rows.setdefault(_rule_note(asked, revision), []).append(str(name or "none"))
    if len(rows) == 1:
        return list(rows)
    return [f"{', '.join(names)}: {note}" for note, names in rows.items()]


def _rule_note(asked: Asked, revision: str) -> str:
    kind = "with flagged ratings" if asked.include_flagged else "verified"
    levels = ", ".join(map(str, asked.satisfied_levels))
    scores = ", ".join(f"{level}: {score}" for level, score in asked.scores.items())
    terms = f"scores {scores}; rules {revision}"
    return f"Figures are {kind}; satisfied are the levels {levels}; {terms}."


def page(
    title: str,
    notes: Sequence[str],
    dimensions: Sequence[str],
    groups: Iterable[tuple[Mapping[str, Value], Figures]],
) -> str:
    """The report as HTML; `notes` say by which rules it was made."""
    rows = (row(key, found) for key, found in groups)
    return table_page(title, notes, header(dimensions), rows)


def table_page(
    title: str,
    notes: Sequence[str],
    columns: Iterable[str],
    cells: Iterable[Iterable[object]],
) -> str:
    """Any table as a page."""
    names = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in columns)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in each) + "</tr>"
        for each in cells
    )
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{said}\n"
        f"<table><thead><tr>{names}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
        "</body></html>\n"
    )


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))
