"""`evalgate visits`: who needs a visit, what to bring; spot checks by a seed."""

from argparse import ArgumentParser, Namespace
from typing import Any, Final

from gateway.cli.acting import act, add_common, add_list, show_list
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line
from gateway.settings import load_settings

NAME = "visits"
HELP = "one visit a site for all that needs hands; spot checks by a seed"
EXAMPLES = (
    "visits plan --site north",
    "visits draw 2026-11 --share 0.05 --per-site-max 2",
    "visits draws",
)

_PATH: Final = "/api/v1/visits"
_DRAWS: Final = "/api/v1/spot-checks"
_COLUMNS: Final = ("draw_id", "drawn_at", "seed", "count", "candidates", "site")


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    plan = verbs.add_parser("plan", help="visits, the soonest first, with parts")
    add_common(plan)
    plan.add_argument("--site", help="with those below it")
    plan.add_argument("--until", metavar="TIME", help="else the next 14 days")
    draw = verbs.add_parser("draw", help="draw devices to be checked")
    add_common(draw)
    draw.add_argument("seed", help="whoever knows it draws the same devices")
    size = draw.add_mutually_exclusive_group(required=True)
    size.add_argument("--count", type=int)
    size.add_argument("--share", help="such as 0.05, rounded up")
    draw.add_argument("--per-site-max", type=int)
    draw.add_argument("--within-days", type=int, help="else 14")
    for name in ("site", "model"):
        draw.add_argument(f"--{name}")
    add_list(verbs.add_parser("draws", help="what was drawn"))


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    match args.act:
        case "draw":
            names = ("seed", "count", "share", "per_site_max", "within_days")
            body = {name: getattr(args, name) for name in (*names, "site", "model")}
            return act(api, _DRAWS, body, args)
        case "draws":
            return show_list(api, _DRAWS, args, (), _COLUMNS)
        case _:
            return _plan(api, args)


def _plan(api: Api, args: Namespace) -> Exit:
    page = api.get(_PATH, site=args.site, until=args.until)
    if args.json:
        write_json(page)
        return Exit.OK
    for visit in page["items"]:
        _write(visit)
    if not page["items"]:
        write_line(f"nobody needs a visit before {page['until']}")
    return Exit.OK


def _write(visit: dict[str, Any]) -> None:
    late = " (overdue)" if visit["overdue"] else ""
    write_line(printable(f"{visit['site'] or '(no site)'}  by {visit['by']}{late}"))
    bring = ", ".join(f"{count} {part}" for part, count in visit["parts"].items())
    if bring:
        write_line(printable(f"  bring: {bring}"))
    for stop in visit["stops"]:
        for need in stop["needs"]:
            why = need["why"].replace("_", " ")
            line = f"  {stop['device_id']}  {why}: {need['cause']}, {need['text']}"
            write_line(printable(line))
    write_line("")
