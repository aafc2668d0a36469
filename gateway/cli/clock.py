"""`evalgate clock accept`: believe the machine's clock again after it has jumped."""

import os
import time
from argparse import ArgumentParser, Namespace

from gateway.acts import Act, ActName
from gateway.app.clock import submit_anyhow
from gateway.app.paths import Paths
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.places import Place
from gateway.ports import Record, RecordKind
from gateway.settings import load_settings

NAME = "clock"
HELP = "accept: the machine's time is right, go on with it"
EXAMPLES = ("clock accept",)


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    accept = verbs.add_parser("accept", help="deadlines and expiry go on by it")
    add_config(accept)
    add_json(accept)


def run(args: Namespace) -> Exit:
    paths = Paths(load_settings(args.config))
    act = Act(author=f"cli uid {os.getuid()}")
    now_ms = time.time_ns() // 1_000_000
    record = Record(RecordKind.ACT, ActName.CLOCK_ACCEPTED.value, act.payload(), now_ms)
    place = str(Place(*submit_anyhow(paths, record), 0))
    if args.json:
        write_json({"place": place})
    else:
        write_line(f"accepted, recorded at {place}")
    return Exit.OK
