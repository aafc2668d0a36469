"""Show who was below a level for months in a row."""

import sys
from argparse import ArgumentParser, Namespace
from typing import Final

from gateway.cli.acting import add_common
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.settings import load_settings

NAME = "streaks"
HELP = "who was below a level for months in a row"
EXAMPLES = (
    "streaks --below 90 --months 3 --by employee",
    "streaks --below 4.0 --figure mean_level --by site --csv > below.csv",
)

_PATH: Final = "/api/v1/streaks"
_COLUMNS: Final = ("who", "months", "values")


def add_arguments(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("--below", required=True, metavar="LEVEL")
    parser.add_argument("--months", type=int, default=3, help="at least so many")
    parser.add_argument("--by", default="department", help="or site, employee, …")
    parser.add_argument("--figure", default="satisfaction_rate")
    parser.add_argument("--site")
    parser.add_argument("--from", metavar="TIME", help="such as 2026-01-01T00:00+08:00")
    parser.add_argument("--to", metavar="TIME", help="left out itself")
    parser.add_argument("--csv", action="store_true", help="for a spreadsheet")


def run(args: Namespace) -> Exit:
    names = ("below", "months", "by", "figure", "site", "from", "to")
    query = {name: getattr(args, name) for name in names}
    api = Api(load_settings(args.config))
    if args.csv:
        sys.stdout.buffer.write(api.text(_PATH, format="csv", **query))
        return Exit.OK
    page = api.get(_PATH, **query)
    if args.json:
        write_json(page)
    elif not page["items"]:
        write_line(f"nobody was below {args.below} for {args.months} months in a row")
    else:
        rows = [
            (item["who"], " ".join(item["months"]), " ".join(item["values"]))
            for item in page["items"]
        ]
        write_table(_COLUMNS, rows)
    return Exit.OK
