"""`evalgate sinks`: an endpoint that was given up may be tried again."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from gateway.cli.acting import act, add_common
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.settings import load_settings

NAME = "sinks"
HELP = "enable: try a sink again that answered 410, or that is tried slowly"
EXAMPLES = ("sinks enable business",)


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    enable = verbs.add_parser("enable", help="send what it is owed, from now on")
    add_common(enable)
    enable.add_argument("name", metavar="NAME", help="as in the configuration")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    path = f"/api/v1/sinks/{quote(args.name, safe='')}/enable"
    return act(api, path, {}, args)
