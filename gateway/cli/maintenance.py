"""`evalgate maintenance`: closed months of maintenance, sealed and signed."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, Final

from gateway.cli.acting import add_common, told
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_items, write_json, write_line
from gateway.errors import PermanentError
from gateway.settings import load_settings

NAME = "maintenance"
HELP = "closed months of maintenance: seal, show, verify, export"
EXAMPLES = (
    "maintenance seal 2026-10",
    "maintenance show 2026-10 --site hall",
    "maintenance verify                     # all of them; exit code 1 if one fails",
    "maintenance export 2026-10 --format html --output october.html",
)

_PATH: Final = "/api/v1/maintenance-statements"
_COLUMNS: Final = ("month", "site", "as_of", "author", "intact", "signed", "digest")
_SIGNED: Final = {
    True: "the signature holds",
    False: "THE SIGNATURE DOES NOT HOLD",
    None: "the signature cannot be verified: its key is not in the ring",
}
_INTACT: Final = {True: "intact", False: "ALTERED"}
_HOUR_MS: Final = 3_600_000


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_common(verbs.add_parser("list", help="sealed months, the newest first"))
    _add_month(verbs.add_parser("seal", help="seal and sign a month that is over"))
    _add_month(verbs.add_parser("show", help="what was sealed, and learnt since"))
    verify = verbs.add_parser("verify", help="whether digest and signature fit")
    _add_month(verify, nargs="?", help="such as 2026-10; else all of them")
    export = verbs.add_parser("export", help="for a spreadsheet, or for paper")
    _add_month(export)
    export.add_argument("--format", choices=("csv", "html"), default="csv")
    export.add_argument("--output", type=Path, metavar="FILE", help="else to the pipe")


def _add_month(parser: ArgumentParser, **how: Any) -> None:  # noqa: ANN401 -- as argparse takes them
    add_common(parser)
    parser.add_argument("month", metavar="MONTH", **({"help": "such as 2026-10"} | how))
    parser.add_argument("--site", help="else of all sites together")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    match args.act:
        case "list":
            return _list(api, args)
        case "seal":
            path = f"{_PATH}/{args.month}"
            done = api.upload("POST", path, b"{}", "application/json", site=args.site)
            return told(done, args)
        case "show":
            return _show(api, args)
        case "verify":
            return _verify(api, args)
        case _:
            return _export(api, args)


def _list(api: Api, args: Namespace) -> Exit:
    page = api.get(_PATH)
    if args.json:
        write_json(page)
    else:
        write_items(_COLUMNS, page)
    return Exit.OK


def _show(api: Api, args: Namespace) -> Exit:
    sealed = api.get(f"{_PATH}/{args.month}", site=args.site)
    if args.json:
        write_json(sealed)
        return Exit.OK
    write_line(_verdict(sealed))
    write_line(printable(f"sealed by {sealed['author']} as of {sealed['as_of']}"))
    for name in ("work", "parts"):
        counts = ", ".join(f"{key}: {n}" for key, n in sorted(sealed[name].items()))
        write_line(printable(f"{name}: {counts or 'none'}"))
    for one in sealed["groups"]:
        write_line(printable(f"  {_group(one)}: {_sums(one['sums'])}"))
    for one in sealed["adjustments"]:
        changed = ", ".join(f"{key} {n:+d}" for key, n in one["sums"].items() if n)
        write_line(printable(f"  since then {_group(one)}: {changed}"))
    return Exit.OK


def _verify(api: Api, args: Namespace) -> Exit:
    """The exit code is for scripts: 1 when a month is not what was sealed."""
    if args.month is None:
        months = api.get(_PATH)["items"]
        if args.site is not None:
            months = [one for one in months if one["site"] == args.site]
    else:
        months = [api.get(f"{_PATH}/{args.month}", site=args.site)]
    if args.json:
        write_json({"items": months})
    for one in () if args.json else months:
        write_line(_verdict(one))
    if not months and not args.json:
        write_line("no month has been sealed")
    good = all(one["intact"] and one["signed"] is not False for one in months)
    return Exit.OK if good else Exit.FAILED


def _export(api: Api, args: Namespace) -> Exit:
    path = f"{_PATH}/{args.month}"
    content = api.text(path, site=args.site, format=args.format)
    if args.output is None:
        sys.stdout.buffer.write(content)
        return Exit.OK
    try:
        args.output.write_bytes(content)
    except OSError as error:
        raise PermanentError(f"{args.output}: {error.strerror}") from error
    write_line(f"{args.output}: {len(content)} bytes")
    return Exit.OK


def _verdict(one: dict[str, Any]) -> str:
    what = f"{one['month']}, {one['site'] or 'all sites'}"
    key = f"key {one['key_id']}"
    sha = one["digest"]
    text = f"{what}: {_INTACT[one['intact']]}, {_SIGNED[one['signed']]} ({key})"
    return printable(f"{text}, SHA-256 {sha}")


def _group(one: dict[str, Any]) -> str:
    return " ".join(one["group"].values()) or "all"


def _sums(sums: dict[str, int]) -> str:
    """What a person reads first; all of it is in the export."""
    hours = {
        name: f"{sums.get(f'{name}_ms', 0) / _HOUR_MS:.1f} h"
        for name in ("required", "down", "maintenance")
    }
    counts = {name: sums.get(name, 0) for name in ("failures", "repairs")}
    return ", ".join(f"{name} {value}" for name, value in (hours | counts).items())
