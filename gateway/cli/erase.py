"""`evalgate erase`: what a customer said is forgotten, the rating stays counted."""

from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from gateway.cli.acting import add_common
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line
from gateway.settings import load_settings

NAME = "erase"
HELP = "forget what a rating or complaint says about a person; all counts stay"
EXAMPLES = (
    'erase dev-1:0192f7c2-5b1e-7c3a-9d55-0242ac120002 --reason "asked by the customer"',
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "rating_id",
        metavar="RATING_ID",
        help="DEVICE_ID:EVENT_ID of the rating or complaint, or EVENT_ID alone",
    )
    parser.add_argument("--reason", required=True, help="kept in the audit trail")
    add_common(parser)


def run(args: Namespace) -> Exit:
    path = f"/api/v1/ratings/{quote(args.rating_id, safe=':')}/erase"
    done = Api(load_settings(args.config)).post(path, {"reason": args.reason})
    if args.json:
        write_json(done)
        return Exit.OK
    outcome = done["outcome"]
    if not done["processed"]:
        write_line(f"recorded at {done['place']}, not processed yet")
        return Exit.OK
    write_line(
        f"erased: {printable(outcome['rating_id'])}, in {outcome['erased']} messages"
        f" and {outcome['records']} records of the journal"
    )
    if outcome["pending"]:
        left = f"the journal still holds {outcome['pending']} of them"
        write_line(f"{left}: ask again in a minute")
    return Exit.OK
