"""`evalgate clock accept`: believe the machine's clock again after it has jumped."""

from argparse import ArgumentParser, Namespace

from gateway.acts import Act, ActName
from gateway.app.paths import Paths
from gateway.app.recording import submit_anyhow
from gateway.cli.acting import act_record, author
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.places import Place
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
    record = act_record(ActName.CLOCK_ACCEPTED, Act(author=author()))
    place = str(Place(*submit_anyhow(paths, record), 0))
    if args.json:
        write_json({"place": place})
    else:
        write_line(f"accepted, recorded at {place}")
    return Exit.OK
