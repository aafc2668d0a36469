"""`evalgate devices`: the registry, how each terminal is, and its lifecycle."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fleet.tables import COLUMNS
from gateway.acts import ActName, DeviceAct
from gateway.cli.acting import act, add_common, add_list, author, show, show_list
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line
from gateway.errors import PermanentError
from gateway.settings import load_settings

NAME = "devices"
HELP = "terminals: list, show, approve, refuse, retire, maintenance, import, export"
EXAMPLES = (
    "devices list --lifecycle pending",
    "devices approve dev-7 --site hall --window w3",
    "devices export > devices.csv",
    "devices import devices.csv --dry-run     # what would change, and what is wrong",
    "devices import sites.csv --table sites",
)

_BASE = "/api/v1"
_PATH = f"{_BASE}/devices"
_CSV = "text/csv; charset=utf-8"
_FILTERS = ("site", "lifecycle", "presence")
_COLUMNS = ("device_id", "lifecycle", "presence", "health", "site", "last_seen_at")
_ACTS = {
    "approve": "take its ratings, those that were held too",
    "refuse": "quarantine what it sends",
    "retire": "it is out of service",
    "maintenance": "its ratings do not count for now",
}

_RECORDS = {
    "approve": ActName.DEVICE_APPROVED,
    "refuse": ActName.DEVICE_REFUSED,
    "retire": ActName.DEVICE_RETIRED,
    "maintenance": ActName.DEVICE_MAINTENANCE,
}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="all terminals known"), *_FILTERS)
    one = verbs.add_parser("show", help="one terminal")
    add_common(one)
    one.add_argument("device_id")
    for name, text in _ACTS.items():
        change = verbs.add_parser(name, help=text)
        add_common(change)
        change.add_argument("device_id")
        for option in ("reason", "site", "window"):
            change.add_argument(f"--{option}")
    taken = verbs.add_parser("import", help="a CSV table: rows that are wrong are told")
    add_common(taken)
    taken.add_argument("file", metavar="FILE", help="with a header; - is the input")
    taken.add_argument("--dry-run", action="store_true", help="change nothing")
    _add_table(taken)
    given = verbs.add_parser("export", help="all terminals as a CSV table")
    add_common(given)
    given.add_argument(
        "--output", type=Path, metavar="FILE", help="not standard output"
    )
    _add_table(given)


def _add_table(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--table", choices=tuple(COLUMNS), default=NAME, help="of the organisation"
    )


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    match args.act:
        case "list":
            return show_list(api, _PATH, args, _FILTERS, _COLUMNS)
        case "import":
            return _import(api, args)
        case "export":
            return _export(api, args)
        case _:
            return _one(api, args)


def _one(api: Api, args: Namespace) -> Exit:
    path = f"{_PATH}/{quote(args.device_id, safe='')}"
    if args.act == "show":
        return show(api.get(path), args)
    body = {"reason": args.reason, "site": args.site, "window": args.window}
    given = DeviceAct(
        author=author(),
        device_id=args.device_id,
        reason=args.reason,
        site=args.site,
        window=args.window,
    )
    return act(api, f"{path}/{args.act}", body, args, (_RECORDS[args.act], given))


def _import(api: Api, args: Namespace) -> Exit:
    """Exit code 1 when a row was refused: the others are in force all the same."""
    dry_run = "true" if args.dry_run else None
    table = _read(args.file)
    done = api.upload(
        "POST", f"{_BASE}/{args.table}/import", table, _CSV, dry_run=dry_run
    )
    if args.json:
        write_json(done)
    elif "created" in done:
        _tell(done, args)
    else:
        write_line(f"recorded at {done['place']}, not processed yet")
    return Exit.FAILED if done.get("refused") else Exit.OK


def _tell(done: dict[str, Any], args: Namespace) -> None:
    for error in done["errors"]:
        write_line(printable(f"{args.file}:{error['line']}: {error['detail']}"))
    if done["refused"] > len(done["errors"]):
        write_line(f"… and {done['refused'] - len(done['errors'])} more")
    counts = (f"{done[name]} {name}" for name in ("created", "changed", "unchanged"))
    would = "nothing was changed, it would be: " if args.dry_run else "done: "
    write_line(f"{would}{', '.join(counts)}, {done['refused']} refused")


def _export(api: Api, args: Namespace) -> Exit:
    table = api.text(f"{_BASE}/{args.table}/export")
    text = table.decode("utf-8").replace("\r\n", "\n")
    if args.json:
        write_json({"csv": text})
    elif args.output is None:
        sys.stdout.write(text)
    else:
        try:
            args.output.write_text(text, "utf-8")
        except OSError as error:
            raise PermanentError(f"{args.output}: {error.strerror}") from error
    return Exit.OK


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise PermanentError(f"{name}: {error.strerror}: name a CSV file") from error
