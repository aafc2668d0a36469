"""`evalgate sinks`: try an endpoint that was given up; send it a range once more."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from gateway.acts import ActName, SinkAct
from gateway.cli.acting import act, add_common, author
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.settings import load_settings

NAME = "sinks"
HELP = "enable: try a sink again that was given up; replay: send it a range once more"
EXAMPLES = (
    "sinks enable business",
    "sinks replay business --from 2026-11-20T00:00+08:00 --to 2026-11-21T00:00+08:00",
)


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    enable = verbs.add_parser("enable", help="send what it is owed, from now on")
    add_common(enable)
    enable.add_argument("name", metavar="NAME", help="as in the configuration")
    replay = verbs.add_parser(
        "replay", help="send what happened in a range of time once more"
    )
    add_common(replay)
    replay.add_argument("name", metavar="NAME", help="as in the configuration")
    replay.add_argument("--from", dest="from_", required=True, metavar="TIME")
    replay.add_argument("--to", required=True, metavar="TIME", help="exclusive")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    path = f"/api/v1/sinks/{quote(args.name, safe='')}/{args.act}"
    body = {"from": args.from_, "to": args.to} if args.act == "replay" else {}
    if args.act == "enable":
        given = SinkAct(author=author(), sink=args.name)
        return act(api, path, body, args, (ActName.SINK_ENABLED, given))
    return act(api, path, body, args)
