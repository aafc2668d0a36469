"""`evalgate alerts`: what needs hands, and who sees to it."""

from argparse import ArgumentParser, Namespace
from typing import Any, Final

from gateway.acts import ActName, AlertAct
from gateway.cli.acting import act, add_common, add_list, author, show, show_list
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_line
from gateway.settings import load_settings

NAME = "alerts"
HELP = "what needs hands: list, show with history, confirm, snooze, resolve"
EXAMPLES = (
    "alerts list --state open --severity critical",
    "alerts show 7                                     # what happened, who did what",
    'alerts confirm 7 --reason "on my way"',
    "alerts snooze 7 --until 2026-11-24T08:00:00+08:00",
    'alerts resolve 7 --reason "the firmware is mended"',
)

_PATH: Final = "/api/v1/alerts"
_FILTERS: Final = ("state", "severity", "cause", "device", "site")
_COLUMNS: Final = ("id", "severity", "state", "cause", "site", "opened_at", "text")
_ACTS: Final = {
    "confirm": "somebody sees to it: nobody else is told",
    "snooze": "put it aside until a time",
    "resolve": "nothing is left to be done about what has happened",
}

_RECORDS: Final = {
    "confirm": ActName.ALERT_CONFIRMED,
    "resolve": ActName.ALERT_RESOLVED,
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="newest first"), *_FILTERS)
    one = verbs.add_parser("show", help="one alert with its history")
    add_common(one)
    one.add_argument("id", type=int)
    for name, text in _ACTS.items():
        asked = verbs.add_parser(name, help=text)
        add_common(asked)
        asked.add_argument("id", type=int)
        asked.add_argument("--reason")
        if name == "snooze":
            asked.add_argument("--until", required=True, help="RFC 3339")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    if args.act == "list":
        return show_list(api, _PATH, args, _FILTERS, _COLUMNS)
    if args.act == "show":
        return _show(api.get(f"{_PATH}/{args.id}"), args)
    body: dict[str, object] = {"reason": args.reason}
    if args.act == "snooze":
        body["until"] = args.until
    given = AlertAct(author=author(), alert_id=args.id, reason=args.reason)
    kept = None if args.act == "snooze" else (_RECORDS[args.act], given)
    return act(api, f"{_PATH}/{args.id}/{args.act}", body, args, kept)


def _show(item: dict[str, Any], args: Namespace) -> Exit:
    if args.json:
        return show(item, args)
    history = item.pop("history")
    done = show(item, args)
    for one in history:
        by = f" by {one['by']}" if one["by"] else ""
        text = f": {one['text']}" if one["text"] else ""
        write_line(printable(f"{one['at']}  {one['what']}{by}{text}"))
    return done
