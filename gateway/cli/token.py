"""`evalgate token`: who may use the API, with which scopes, on which sites."""

import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from gateway.app.paths import Paths
from gateway.cli.acting import add_common
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.errors import PermanentError
from gateway.settings import load_settings
from gateway.tokens import SCOPES, Token, Tokens
from gateway.users import Users

NAME = "token"
HELP = "API tokens: create, list, revoke; in force at once, without a restart"
EXAMPLES = (
    "token create dashboard --scopes read",
    "token create front-desk --scopes operate --site hall-north",
    "token list",
    "token revoke dashboard",
)


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    create = verbs.add_parser("create", help="print a new token, this once")
    create.add_argument("name", metavar="NAME")
    scopes = f"what it may do: {', '.join(SCOPES)}"
    create.add_argument(
        "--scopes", nargs="+", metavar="SCOPE", default=["read"], help=scopes
    )
    create.add_argument("--site", help="only this site and what lies below it")
    add_common(create)
    add_common(verbs.add_parser("list", help="names, scopes and sites; never the text"))
    revoke = verbs.add_parser("revoke", help="void at once")
    revoke.add_argument("name", metavar="NAME")
    add_common(revoke)


def run(args: Namespace) -> Exit:
    paths = Paths(load_settings(args.config))
    tokens = Tokens(paths.tokens)
    match args.act:
        case "create":
            _create(tokens, Users(paths.users), args)
        case "revoke":
            tokens.revoke(args.name)
            if args.json:
                write_json({"revoked": args.name})
            else:
                write_line(f"revoked {args.name}")
        case _:
            _list(tokens, args)
    return Exit.OK


def _create(tokens: Tokens, users: Users, args: Namespace) -> None:
    scopes = [one for given in args.scopes for one in given.split(",")]
    known = users.all()
    if args.name in {user.name for user in known}:
        raise PermanentError(
            f"there is a user {args.name!r}, and records tell authors by name:"
            " take another name"
        )
    first = not tokens.all() and not known
    text = tokens.create(args.name, scopes, args.site, time.time_ns() // 1_000_000)
    if args.json:
        write_json({"name": args.name, "token": text})
        return
    write_line(text)
    write_line(
        "Keep it: it is not shown again. Send it as Authorization: Bearer TOKEN;"
    )
    write_line("commands of evalgate take it from the variable EVALGATE_TOKEN.")
    if first:
        write_line("From now on the API answers nobody without a token.")


def _list(tokens: Tokens, args: Namespace) -> None:
    rows = [_row(token) for token in tokens.all()]
    if args.json:
        write_json({"items": rows, "next_cursor": None})
    elif rows:
        write_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        write_line("none: from this machine the API is open, from others it is closed")


def _row(token: Token) -> dict[str, object]:
    created = datetime.fromtimestamp(token.created_ms // 1000, UTC)
    return {
        "name": token.name,
        "scopes": list(token.scopes),
        "site": token.site,
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }
