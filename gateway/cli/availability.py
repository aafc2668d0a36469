"""Show how much of their hours terminals served."""

import sys
from argparse import ArgumentParser, Namespace
from datetime import date, timedelta
from typing import Any, Final

from gateway.cli.acting import add_common
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.settings import load_settings

NAME = "availability"
HELP = "availability, MTBF, MTTR, inspections in time, completeness"
EXAMPLES = (
    "availability                                   # of the last 30 days, by device",
    "availability --by site --from 2026-11-01 --to 2026-12-01",
    "availability --by model firmware --csv > availability.csv",
)

_PATH: Final = "/api/v1/availability"
_DAYS: Final = 30
_DIMENSIONS: Final = ("device", "site", "month", "model", "firmware")
_HOUR_MS: Final = 3_600_000
_FIGURES: Final = ("availability", "failures", "inspections_in_time", "completeness")


def add_arguments(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("--by", nargs="+", default=["device"], choices=_DIMENSIONS)
    parser.add_argument("--from", metavar="DAY", help="such as 2026-11-01")
    parser.add_argument("--to", metavar="DAY", help="left out itself")
    parser.add_argument("--site")
    parser.add_argument("--device")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    query = _query(args)
    if args.csv:
        sys.stdout.buffer.write(api.text(_PATH, format="csv", **query))
        return Exit.OK
    page = api.get(_PATH, **query)
    if args.json:
        write_json(page)
    elif not page["items"]:
        write_line("no day that is over has been summed up there")
    else:
        rows = [_row(item, args.by) for item in page["items"]]
        write_table((*args.by, *_FIGURES, "mtbf_h", "mttr_h"), rows)
    return Exit.OK


def _query(args: Namespace) -> dict[str, object]:
    today = date.today()  # noqa: DTZ011 -- a default for people, in their own zone
    return {
        "from": getattr(args, "from") or today - timedelta(_DAYS),
        "to": args.to or today,
        "group_by": args.by,
        "site": args.site,
        "device": args.device,
    }


def _row(item: dict[str, Any], names: list[str]) -> list[object]:
    return [
        *(item["group"][name] or "-" for name in names),
        *("-" if item[name] is None else item[name] for name in _FIGURES),
        *(_hours(item[name]) for name in ("mtbf_ms", "mttr_ms")),
    ]


def _hours(value_ms: int | None) -> str:
    return "-" if value_ms is None else f"{value_ms / _HOUR_MS:.1f}"
