"""`evalgate command`: ask a terminal for something, and hear what became of it."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from gateway.cli.acting import add_common, told
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_items, write_json, write_line
from gateway.settings import load_settings

NAME = "command"
HELP = "ask a terminal: identify, selftest, press_test, prompt, set_mode, reboot"
EXAMPLES = (
    "command dev-7 identify seconds=30       # waits for the outcome",
    "command dev-7 set_mode mode=maintenance seconds=3600",
    "command dev-7 selftest --expires 3600 --no-wait",
    "command dev-7                           # what it was asked before",
)

_COLUMNS: Final = ("command_id", "command", "state", "asked_at", "asked_by", "error")
_EXPIRES_S: Final = 300
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 5.0
"""Beyond its deadline: what was heard last may need so long to be told."""
_LISTED: Final = 20


def add_arguments(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("device_id")
    parser.add_argument(
        "name", nargs="?", help="of the command; without it, its last ones are listed"
    )
    parser.add_argument(
        "parameters",
        nargs="*",
        type=pair,
        metavar="KEY=VALUE",
        help="a number, true, false, or text; text of digits in quotes: '\"42\"'",
    )
    parser.add_argument(
        "--expires",
        type=int,
        default=_EXPIRES_S,
        metavar="SECONDS",
        help=f"it is not begun later (default {_EXPIRES_S}, a day at most)",
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="do not wait for the outcome"
    )


def pair(text: str) -> tuple[str, Any]:
    """`KEY=VALUE`, the value JSON or else text."""
    name, mark, value = text.partition("=")
    if not mark or not name or not value:
        raise ArgumentTypeError(f"{text!r}: write KEY=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run(args: Namespace, pause: Callable[[float], None] = time.sleep) -> Exit:
    """Exit code 1 unless it is done; 0 for one that is not waited for."""
    api = Api(load_settings(args.config))
    path = f"/api/v1/devices/{quote(args.device_id, safe='')}/commands"
    if args.name is None:
        page = api.get(path, limit=_LISTED)
        write_json(page) if args.json else write_items(_COLUMNS, page)
        return Exit.OK
    body = {
        "command": args.name,
        "parameters": dict(args.parameters),
        "expires_s": args.expires,
    }
    done = api.post(path, body)
    if args.no_wait or not done["processed"]:
        return told(done, args)
    item = _watch(api, f"{path}/{done['outcome']['command_id']}", args, pause)
    if args.json:
        write_json(item)
    elif item["result"] is not None:
        write_line(printable(json.dumps(item["result"], ensure_ascii=False)))
    return Exit.OK if item["state"] == "done" else Exit.FAILED


def _watch(
    api: Api, path: str, args: Namespace, pause: Callable[[float], None]
) -> dict[str, Any]:
    """The command when it has its outcome, or nothing is to be expected any more."""
    shown = 0
    item: dict[str, Any] = api.get(path)
    for left in range(int((args.expires + _PATIENCE_S) / _LOOK_S), -1, -1):
        if not args.json:
            for step in item["history"][shown:]:
                write_line(printable(_words(step)))
        shown = len(item["history"])
        if not item["is_open"]:
            break
        if not left:
            _give_up(args)
            break
        pause(_LOOK_S)
        item = api.get(path)
    return item


def _give_up(args: Namespace) -> None:
    if not args.json:
        write_line(f"no outcome yet: `evalgate command {args.device_id}` lists it")


def _words(step: dict[str, Any]) -> str:
    more = step["by"] or step["detail"]
    return f"{step['at']}  {step['what']}{f' ({more})' if more else ''}"
