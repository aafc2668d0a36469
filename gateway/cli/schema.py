"""`evalgate schema`: what is said on each interface, for programs and their authors."""

import json
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

import device_protocol
from device_protocol.asyncapi import asyncapi
from device_protocol.schema import about, payload_schema
from device_protocol.topics import UPLINK, Channel
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.cli.parsing import nearest
from gateway.cli.verb import add_json
from gateway.events import EVENTS
from gateway.events.registry import NOTICES

NAME = "schema"
HELP = "print JSON Schemas of messages and events, AsyncAPI or OpenAPI"
EXAMPLES = (
    "schema                          # what there is",
    "schema json rating              # what a terminal may send on `rating`",
    "schema json rating.recorded     # what the backend receives",
    "schema json                     # all of them, by name",
    "schema asyncapi                 # every channel of the device protocol",
    "schema openapi                  # every path of the REST API",
)

_COLUMNS: Final = ("name", "kind", "about")


def add_arguments(parser: ArgumentParser) -> None:
    parser.set_defaults(document=None, name=None)
    documents = parser.add_subparsers(metavar="DOCUMENT", dest="document")
    schemas = documents.add_parser("json", help="JSON Schema 2020-12")
    schemas.add_argument(
        "name", nargs="?", type=_known, metavar="NAME", help="default: all, by name"
    )
    channels = documents.add_parser("asyncapi", help="AsyncAPI 3.0 of the terminals")
    api = documents.add_parser("openapi", help="OpenAPI 3.1 of the REST API")
    add_json(parser)
    for one in (
        schemas,
        channels,
        api,
    ):  # no default of theirs: it may stand before them
        one.add_argument("--json", action="store_true", default=SUPPRESS)


def run(args: Namespace) -> Exit:
    if args.document is None:
        _list(as_json=args.json)
    else:
        document = _document(args.document, args.name)
        # What programs read on one line, people read indented.
        indent = None if args.json else 2
        write_line(json.dumps(document, ensure_ascii=False, indent=indent))
    return Exit.OK


def _known(name: str) -> str:
    known = [*SCHEMAS]
    if name not in known:
        raise ArgumentTypeError(f"there is no schema {name!r}{nearest(name, known)}")
    return name


def _document(kind: str, name: str | None) -> dict[str, Any]:
    if kind == "asyncapi":
        return asyncapi({channel: _examples(channel) for channel in Channel})
    if kind == "openapi":
        # Only those who ask for it wait for the web framework: a second.
        openapi: dict[str, Any] = import_module("gateway.app.contract").openapi()
        return openapi
    if name is not None:
        return _schema(name)
    return {one: _schema(one) for one in SCHEMAS}


def _schema(name: str) -> dict[str, Any]:
    event = EVENTS.get(name) or NOTICES.get(name)
    if event is not None:
        return dict(event.schema)
    return payload_schema(Channel(name))


def _list(*, as_json: bool) -> None:
    items = [
        {"name": name, "kind": kind, "about": text}
        for name, (kind, text) in SCHEMAS.items()
    ]
    if as_json:
        write_json({"items": items})
    else:
        write_table(_COLUMNS, ([item[column] for column in _COLUMNS] for item in items))
        write_line("evalgate schema json NAME prints one of them")


def _examples(channel: Channel) -> list[tuple[str, object]]:
    """The vectors of a channel, as the values that their payloads hold."""
    vectors = files(device_protocol) / "vectors" / f"{channel}.json"
    found = json.loads(vectors.read_text("utf-8"))["vectors"]
    return [
        (one["name"], json.loads(one["payload"])) for one in found if "payload" in one
    ]


def _kind(channel: Channel) -> str:
    return "terminal to gateway" if channel in UPLINK else "gateway to terminal"


SCHEMAS: Final = (
    {channel.value: (_kind(channel), about(channel)) for channel in Channel}
    | {name: ("gateway to backend", event.about) for name, event in EVENTS.items()}
    | {name: ("gateway to recipient", event.about) for name, event in NOTICES.items()}
)
"""Of each name: who says it to whom, and what it says."""
