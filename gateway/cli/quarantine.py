"""`evalgate quarantine`: what could not be accepted, and another try after a fix."""

from argparse import ArgumentParser, Namespace
from base64 import b64decode
from typing import Any

from gateway.acts import ActName, QuarantineAct
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

NAME = "quarantine"
HELP = "messages that could not be accepted: list, show, replay, purge"
EXAMPLES = (
    "quarantine list --reason unknown_level",
    "quarantine show 12",
    "quarantine replay --reason unknown_level",
    "quarantine purge --id 12 13",
)

_PATH = "/api/v1/quarantine"
_FILTERS = ("state", "reason", "device")
_COLUMNS = ("id", "state", "reason", "device_id", "received_at", "count", "detail")

_RECORDS = {
    "replay": ActName.QUARANTINE_REPLAYED,
    "purge": ActName.QUARANTINE_PURGED,
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="newest first"), *_FILTERS)
    one = verbs.add_parser("show", help="one item with its payload")
    add_common(one)
    one.add_argument("id", type=int)
    replay = verbs.add_parser("replay", help="judge again: same identity, same time")
    add_choice(replay, "reason")
    purge = verbs.add_parser("purge", help="drop payloads for good; counts stay")
    add_choice(purge, "reason")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    match args.act:
        case "list":
            return show_list(api, _PATH, args, _FILTERS, _COLUMNS)
        case "show":
            item = api.get(f"{_PATH}/{args.id}")
            return show(item if args.json else _readable(item), args)
        case _:
            body = {"ids": args.id, "reason": args.reason}
            given = QuarantineAct(author=author(), ids=args.id, reason=args.reason)
            record = (_RECORDS[args.act], given)
            return act(api, f"{_PATH}/{args.act}", body, args, record)


def _readable(item: dict[str, Any]) -> dict[str, Any]:
    """The payload as text; bytes that are none are shown in hexadecimal."""
    raw = item.get("payload_base64")
    text = None if raw is None else b64decode(raw).decode("utf-8", "backslashreplace")
    others = {key: it for key, it in item.items() if key != "payload_base64"}
    return {**others, "payload": text}
