"""`evalgate user`: who may log in to the console, in which role, on which sites."""

import getpass
import sys
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from gateway.app.paths import Paths
from gateway.cli.acting import add_common
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.errors import PermanentError
from gateway.settings import load_settings
from gateway.tokens import Tokens
from gateway.users import BESIDE, ROLES, Grant, User, Users

NAME = "user"
HELP = "users of the console: create, list, password, disable, enable, remove"
EXAMPLES = (
    "user create li --role operator --site hall-north",
    "user create zhang --role auditor --with contact",
    "user create chen --role clerk --employee E7",
    "user list",
    "user password li",
    "user disable li",
    "user remove li",
)

_ACTS = {
    "password": "give another password; ends the sessions of this user",
    "disable": "shut out at once",
    "enable": "let in again",
    "remove": "forget at once",
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    create = verbs.add_parser(
        "create", help="asks for the password, or reads it from standard input"
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument("--role", required=True, choices=tuple(ROLES))
    create.add_argument("--site", help="only this site and what lies below it")
    create.add_argument(
        "--employee", metavar="ID", help="who a clerk is: sees what is its own"
    )
    create.add_argument(
        "--with",
        nargs="+",
        dest="beside",
        metavar="SCOPE",
        choices=BESIDE,
        default=[],
        help=f"what no role allows by itself: {', '.join(BESIDE)}",
    )
    add_common(create)
    add_common(verbs.add_parser("list", help="names, roles and sites"))
    for act, told in _ACTS.items():
        verb = verbs.add_parser(act, help=told)
        verb.add_argument("name", metavar="NAME")
        add_common(verb)


def run(args: Namespace) -> Exit:
    paths = Paths(load_settings(args.config))
    users = Users(paths.users)
    match args.act:
        case "list":
            _list(users, args)
            return Exit.OK
        case "create":
            first = _create(users, Tokens(paths.tokens), args)
        case "password":
            first = False
            users.set_password(args.name, _password())
        case "remove":
            first = False
            users.remove(args.name)
        case _:
            first = False
            users.set_disabled(args.name, disabled=args.act == "disable")
    _tell(args, first=first)
    return Exit.OK


def _create(users: Users, tokens: Tokens, args: Namespace) -> bool:
    """Whether this closed an open gateway."""
    known = tokens.all()
    if args.name in {token.name for token in known}:
        raise PermanentError(
            f"there is a token {args.name!r}, and records tell authors by name:"
            " take another name"
        )
    first = not known and not users.all()
    grant = Grant(args.role, args.site, args.beside, args.employee)
    users.create(args.name, _password(), grant, time.time_ns() // 1_000_000)
    return first


def _password() -> str:
    """From the terminal, twice and unseen; else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise PermanentError("the two passwords differ: nothing was changed")
    return password


def _tell(args: Namespace, *, first: bool) -> None:
    if args.json:
        write_json({"user": args.name, "act": args.act})
        return
    write_line(f"{args.act} {args.name}: done, in force at once")
    if first:
        write_line("From now on the console asks who logs in, and the API for a token:")
        write_line("commands of evalgate need one (`evalgate token create`).")


def _list(users: Users, args: Namespace) -> None:
    rows = [_row(user) for user in users.all()]
    if args.json:
        write_json({"items": rows, "next_cursor": None})
    elif rows:
        write_table(tuple(rows[0]), (tuple(row.values()) for row in rows))
    else:
        write_line("none: make one with `evalgate user create NAME --role admin`")


def _row(user: User) -> dict[str, object]:
    created = datetime.fromtimestamp(user.created_ms // 1000, UTC)
    return {
        "name": user.name,
        "role": user.role,
        "scopes": sorted(user.scopes),
        "site": user.site,
        "employee": user.employee,
        "disabled": user.disabled,
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }
