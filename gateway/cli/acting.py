"""Pieces that the verbs with lists and acts share."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.acts import Act, ActName
from gateway.app.paths import Paths
from gateway.app.recording import submit_anyhow
from gateway.cli.api import Api, NoConsoleError
from gateway.cli.exits import Exit
from gateway.cli.output import write_fields, write_items, write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.errors import PermanentError
from gateway.places import Place
from gateway.ports import Record, RecordKind
from gateway.settings import load_settings

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


def act(
    api: Api,
    path: str,
    body: dict[str, object],
    args: Namespace,
    record: tuple[ActName, Act] | None = None,
) -> Exit:
    """Ask for a change and say what came of it.

    With the gateway stopped `record` is kept for its next start.
    """
    try:
        return told(api.post(path, body), args)
    except NoConsoleError:
        paths = Paths(load_settings(args.config))
        if record is None or not paths.journal.exists():
            raise
        name, content = record
        _check(content)
        place = Place(*submit_anyhow(paths, act_record(name, content)), 0)
        return told({"place": str(place), "processed": False, "outcome": {}}, args)


def _check(content: Act) -> None:
    """What no start could carry out is not recorded; PermanentError says why."""
    try:
        msgspec.json.decode(content.payload(), type=type(content))
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise PermanentError(f"this cannot be done: {error}") from None


def author() -> str:
    """Who acts at this machine, without the API."""
    return f"cli uid {os.getuid()}"


def act_record(name: ActName, content: Act) -> Record:
    """As the API would have written it, at the wall clock's time."""
    now_ms = time.time_ns() // 1_000_000
    return Record(RecordKind.ACT, name.value, content.payload(), now_ms)


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
