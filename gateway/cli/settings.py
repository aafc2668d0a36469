"""`evalgate settings`: what is wanted of a terminal, and whether it has it."""

import json
from argparse import ArgumentParser, Namespace
from typing import Final
from urllib.parse import quote

from gateway.cli.acting import add_common, show, told
from gateway.cli.api import Api
from gateway.cli.command import pair
from gateway.cli.exits import Exit
from gateway.errors import PermanentError
from gateway.settings import load_settings

NAME = "settings"
HELP = "the settings wanted of a terminal, and whether it has them"
EXAMPLES = (
    "settings dev-7                          # wanted, reported, drifted",
    "settings dev-7 volume=40 prompt=请评价   # all that are wanted from now on",
    "settings dev-7 --clear                  # its own settings hold",
)

_JSON: Final = "application/json"


def add_arguments(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("device_id")
    parser.add_argument(
        "desired",
        nargs="*",
        type=pair,
        metavar="KEY=VALUE",
        help="all settings that are wanted; without any, they are shown",
    )
    parser.add_argument(
        "--clear", action="store_true", help="want nothing of it any more"
    )


def run(args: Namespace) -> Exit:
    """Exit code 1 when settings that are shown have drifted."""
    if args.clear and args.desired:
        raise PermanentError("--clear takes settings back: give it no KEY=VALUE")
    api = Api(load_settings(args.config))
    path = f"/api/v1/devices/{quote(args.device_id, safe='')}/settings"
    if not (args.clear or args.desired):
        item = api.get(path)
        show(item, args)
        return Exit.FAILED if item["drift"] else Exit.OK
    body = {"desired": None if args.clear else dict(args.desired)}
    return told(api.upload("PUT", path, json.dumps(body).encode(), _JSON), args)
