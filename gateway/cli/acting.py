"""Pieces that the verbs with lists and acts share."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import write_fields, write_items, write_json, write_line
from gateway.cli.verb import add_config, add_json

_LIMIT = 100


def add_common(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def add_list(parser: ArgumentParser, *filters: str) -> None:
    """`--limit`, `--cursor`, and an option for each filter of the API's list."""
    add_common(parser)
    parser.add_argument("--limit", type=int, default=_LIMIT, help="at most 1000")
    parser.add_argument("--cursor", help="as the page before gave it")
    for name in filters:
        parser.add_argument(f"--{name}")


def add_choice(parser: ArgumentParser, other: str) -> None:
    """Which items to act on: some by id, or all of `other`."""
    add_common(parser)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--id", type=int, nargs="+", metavar="ID")
    choice.add_argument(f"--{other}", help=f"all of this {other}")


def show_list(
    api: Api, path: str, args: Namespace, filters: Sequence[str], columns: Sequence[str]
) -> Exit:
    query = {name: getattr(args, name) for name in filters}
    page = api.get(path, limit=args.limit, cursor=args.cursor, **query)
    if args.json:
        write_json(page)
    else:
        write_items(columns, page)
    return Exit.OK


def show(item: dict[str, Any], args: Namespace) -> Exit:
    if args.json:
        write_json(item)
    else:
        write_fields(item)
    return Exit.OK


def act(api: Api, path: str, body: dict[str, object], args: Namespace) -> Exit:
    """Ask for a change and say what came of it."""
    return told(api.post(path, body), args)


def told(done: dict[str, Any], args: Namespace) -> Exit:
    """Say what came of a change."""
    if args.json:
        write_json(done)
    elif done["processed"]:
        write_line(f"done: {_words(done['outcome'])}")
    else:
        write_line(f"recorded at {done['place']}, not processed yet")
    return Exit.OK


def _words(outcome: dict[str, Any]) -> str:
    if outcome == {"passed_on": True}:
        return "passed on to the sinks"
    return ", ".join(f"{key} {value}" for key, value in outcome.items()) or "no change"
