"""`evalgate explain`: why a rating, or a session, stands as it does."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.errors import PermanentError
from gateway.settings import load_settings

NAME = "explain"
HELP = "why a rating or a session stands as it does, each line with its rule"
EXAMPLES = (
    "explain dev-1:E0000002",
    "explain session hall:A12:0:1",
    "explain session A12 --json | jq .deadlines     # the number alone, when unique",
)
_SESSION: Final = "session"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what", metavar="RATING_ID | session", help="as for trace, or the word session"
    )
    parser.add_argument(
        "key", metavar="KEY", nargs="?", help="a session_key, or a number when unique"
    )
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    body = Api(load_settings(args.config)).get(_path(args.what, args.key))
    if args.json:
        write_json(body)
        return Exit.OK
    for line in told(body):
        write_line(printable(line))
    return Exit.OK


def _path(what: str, key: str | None) -> str:
    """Raises PermanentError when the words ask for nothing that there is."""
    if key is None and what != _SESSION:
        return f"/api/v1/ratings/{quote(what, safe=':')}/explanation"
    if key is None or what != _SESSION:
        raise PermanentError("say `explain RATING_ID` or `explain session KEY`")
    return f"/api/v1/sessions/{quote(key, safe=':')}/explanation"


def told(body: dict[str, Any]) -> Iterator[str]:
    """A title, then each topic with its lines."""
    yield _title(body)
    before = None
    for line in body["lines"]:
        topic = line["topic"]
        if topic == "flag":  # belongs to the answer above it
            yield f"        {line['text']}{_rule(line)}"
            continue
        if topic != before:
            yield f"{topic}:"
        before = topic
        yield f"    {line['text']}{_rule(line)}"


def _title(body: dict[str, Any]) -> str:
    if body["session_key"] is None:
        return f"{body['rating_id']}: no session"
    key = f"session {body['session_key']}: {body['state']}"
    if body["rating_id"] is None:
        return key
    known = {one["rating_id"]: one["effective"] for one in body["ratings"]}
    effect = "in effect" if known.get(body["rating_id"]) else "not in effect"
    return f"{body['rating_id']}: {effect}, {key}"


def _rule(line: dict[str, Any]) -> str:
    """The rule's section, and its key with the value that decided."""
    if line["key"] is None:
        return f"  [{line['rule']}]"
    if line["value"] is None:
        return f"  [{line['rule']}; {line['key']}]"
    value = line["value"]
    shown = str(value).lower() if isinstance(value, bool) else value
    return f"  [{line['rule']}; {line['key']} = {shown}]"
