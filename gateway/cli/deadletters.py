"""`evalgate deadletters`: what could not be delivered, and another try after a fix."""

from argparse import ArgumentParser, Namespace

from gateway.acts import ActName, DeadLettersAct
from gateway.cli.acting import (
    act,
    add_choice,
    add_common,
    add_list,
    author,
    show,
    show_list,
)
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.settings import load_settings

NAME = "deadletters"
HELP = "events that a sink refused: list, show, replay, purge"
EXAMPLES = (
    "deadletters list --sink business --state dead",
    "deadletters show 4",
    "deadletters replay --sink business",
)

_PATH = "/api/v1/deadletters"
_FILTERS = ("sink", "subject", "state")
_COLUMNS = ("id", "sink", "state", "type", "subject", "status", "refused_at", "answer")

_RECORDS = {
    "replay": ActName.DEADLETTERS_REPLAYED,
    "purge": ActName.DEADLETTERS_PURGED,
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="newest first"), *_FILTERS)
    one = verbs.add_parser("show", help="one letter with what it holds")
    add_common(one)
    one.add_argument("id", type=int)
    replay = verbs.add_parser("replay", help="deliver again, with the same event ids")
    add_choice(replay, "sink")
    purge = verbs.add_parser("purge", help="give up for good; they stay counted")
    add_choice(purge, "sink")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    if args.act == "list":
        return show_list(api, _PATH, args, _FILTERS, _COLUMNS)
    if args.act == "show":
        return show(api.get(f"{_PATH}/{args.id}"), args)
    body = {"ids": args.id, "sink": args.sink}
    given = DeadLettersAct(author=author(), ids=args.id, sink=args.sink)
    return act(api, f"{_PATH}/{args.act}", body, args, (_RECORDS[args.act], given))
