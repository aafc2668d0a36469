"""`evalgate devices`: the registry, how each terminal is, and its lifecycle."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from gateway.cli.acting import act, add_common, add_list, show, show_list
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.settings import load_settings

NAME = "devices"
HELP = "terminals: list, show, approve, refuse, retire, maintenance"

_PATH = "/api/v1/devices"
_FILTERS = ("site", "lifecycle", "presence")
_COLUMNS = ("device_id", "lifecycle", "presence", "health", "site", "last_seen_at")
_ACTS = {
    "approve": "take its ratings, those that were held too",
    "refuse": "quarantine what it sends",
    "retire": "it is out of service",
    "maintenance": "its ratings do not count for now",
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="all terminals known"), *_FILTERS)
    one = verbs.add_parser("show", help="one terminal")
    add_common(one)
    one.add_argument("device_id")
    for name, text in _ACTS.items():
        change = verbs.add_parser(name, help=text)
        add_common(change)
        change.add_argument("device_id")
        for option in ("reason", "site", "window"):
            change.add_argument(f"--{option}")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    if args.act == "list":
        return show_list(api, _PATH, args, _FILTERS, _COLUMNS)
    path = f"{_PATH}/{quote(args.device_id, safe='')}"
    if args.act == "show":
        return show(api.get(path), args)
    body = {"reason": args.reason, "site": args.site, "window": args.window}
    return act(api, f"{path}/{args.act}", body, args)
