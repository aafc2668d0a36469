"""Show what sites' terminals did in a day, against what is kept."""

from argparse import ArgumentParser, Namespace
from typing import Any, Final

from gateway.cli.acting import add_list
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import (
    Mark,
    printable,
    write_items,
    write_json,
    write_line,
    write_marked,
)
from gateway.settings import load_settings

NAME = "reconciliation"
HELP = "days of sites: presses against ratings, ledger against sinks"
EXAMPLES = (
    "reconciliation --day 2026-11-21",
    "reconciliation --site hall --unequal",
    "reconciliation --from 2026-11-01 --to 2026-12-01 --json",
)

_PATH: Final = "/api/v1/reconciliations"
_FILTERS: Final = ("site", "day", "from", "to")
_COLUMNS: Final = (
    "day",
    "site",
    "version",
    "equal",
    "presses",
    "accepted",
    "duplicate",
    "flagged",
    "quarantined",
    "missing",
    "unexplained",
)
_COUNTS: Final = ("presses", "accepted", "quarantined", "missing", "unexplained")
_TOTALS: Final = ("addressed", "delivered", "dead", "owed")


def add_arguments(parser: ArgumentParser) -> None:
    add_list(parser, *_FILTERS)
    parser.add_argument(
        "--unequal", action="store_true", help="only days that do not agree"
    )


def run(args: Namespace) -> Exit:
    query = {name: getattr(args, name) for name in _FILTERS}
    if args.unequal:
        query["equal"] = "false"
    api = Api(load_settings(args.config))
    page = api.get(_PATH, limit=args.limit, cursor=args.cursor, **query)
    if args.json:
        write_json(page)
    elif not page["items"]:
        write_line("no day is recorded there: a day is, half an hour after midnight")
    else:
        write_items(_COLUMNS, page)
        for item in page["items"]:
            _explain(item)
    return Exit.OK


def _explain(item: dict[str, Any]) -> None:
    """Who does not agree on this day, a line each."""
    where = f"{item['day']} {item['site']}"
    for one in item["unequal_devices"]:
        _write(f"{where} {one['device_id']}: {_counts(one, _COUNTS)}")
    for sink in item["sinks"]:
        if not sink["equal"]:
            _write(f"{where} sink {sink['name']}: {_counts(sink, _TOTALS)}")


def _write(text: str) -> None:
    write_marked(Mark.BAD, "unequal", printable(text))


def _counts(item: dict[str, Any], names: tuple[str, ...]) -> str:
    known = (f"{item[name]} {name}" for name in names if item[name] is not None)
    return ", ".join(known)
