"""A report as a page to print: one table, nothing to load, nothing to run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from gateway.console.naming import Named
from gateway.console.statistics import score_maps_told, scores_told
from gateway.console.wording import Words, scores_in_words
from gateway.ratings.dimensions import Value
from gateway.ratings.figures import Asked, Figures
from gateway.ratings.reports import row

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"
}
_STYLE: Final = """
body { font: 11pt/1.4 system-ui, sans-serif; margin: 2em; color: #111 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
th, td { border-bottom: 1px solid #ccc; padding: .3em .5em; text-align: right }
th { vertical-align: bottom; text-align: right }
td { white-space: nowrap }
th:first-child, td:first-child { text-align: left }
thead { display: table-header-group }
tr { break-inside: avoid }
@page { size: A4 landscape; margin: 12mm }
@media print { body { margin: 0 } }
"""


def rule_notes(
    groups: Iterable[tuple[Mapping[str, Value], Asked]],
    revision: str,
    words: Words,
    names: Mapping[str, str],
) -> list[str]:
    """By which rules figures are, once for all groups that are ruled alike.

    Each key has one dimension; `names` of its values are told where there are some.
    """
    rows: dict[str, list[str]] = {}
    for key, asked in groups:
        (value,) = key.values()
        name = words("nothing") if value is None else names.get(str(value), str(value))
        rows.setdefault(_rule_note(asked, revision, words), []).append(name)
    if len(rows) == 1:
        return list(rows)
    joint = words("list_joint")
    return [
        words("telling", name=joint.join(told), told=note)
        for note, told in rows.items()
    ]


def _rule_note(asked: Asked, revision: str, words: Words) -> str:
    kind = words("flagged" if asked.include_flagged else "verified")
    levels = ", ".join(map(str, asked.satisfied_levels))
    scores = scores_in_words(words, scores_told(asked.scores), score_maps_told(asked))
    return words("terms", kind=kind, levels=levels, scores=scores, revision=revision)


def report_rows(
    groups: Iterable[tuple[Mapping[str, Value], Figures]],
    dimension: str,
    names: Mapping[str, str],
    words: Words,
) -> Iterator[list[object]]:
    """Of a report by one dimension: its values by name where they have one."""
    for key, found in groups:
        value, cells = key[dimension], row(key, found)
        first: object = words("nothing") if value is None else cells[0]
        if (name := names.get(str(value))) is not None:
            first = Named(name, str(value))
        yield [first, *(_told(cell, words) for cell in cells[1:])]


def table_page(
    title: str,
    notes: Sequence[str],
    columns: Iterable[str],
    cells: Iterable[Iterable[object]],
    words: Words,
) -> str:
    """Any table as a page."""
    known = words.all_of("column")
    labels = (known.get(name, name.replace("_", " ")) for name in columns)
    names = "".join(f"<th>{escape(label)}</th>" for label in labels)
    rows = "\n".join("<tr>" + "".join(map(_cell, each)) + "</tr>" for each in cells)
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f'<!doctype html>\n<html lang="{words.language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>{said}\n"
        f"<table><thead><tr>{names}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
        "</body></html>\n"
    )


def _told(cell: object, words: Words) -> object:
    return words(f"is_{cell}") if cell in {"true", "false"} else cell


def _cell(value: object) -> str:
    if isinstance(value, Named):
        return f'<td title="{escape(value.id)}">{escape(value.name)}</td>'
    return f"<td>{'' if value is None else escape(str(value))}</td>"
