"""`evalgate inspections`: what is due, sheets to take along, records, plans."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from typing import Any, Final

from gateway.cli.acting import act, add_common, add_list, show_list, told
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line
from gateway.cli.press_test import press_test
from gateway.settings import load_settings

NAME = "inspections"
HELP = "routine maintenance: what is due, sheets, press tests, records, plans"
EXAMPLES = (
    "inspections list --state overdue",
    "inspections sheet --site hall            # to print and take along",
    "inspections press-test dev-7",
    'inspections record dev-7 --mark clean=pass "every key pressed=pass" --part key=1',
    "inspections put monthly --site hall --every-days 30 --remind-before-days 3",
)

_PATH: Final = "/api/v1/inspections"
_FILTERS: Final = ("state", "site", "device", "type")
_RECORD_FILTERS: Final = ("site", "device", "type")
_COLUMNS: Final = ("device_id", "site", "type", "state", "next_due_at", "plan_id")
_RECORD_COLUMNS: Final = (
    "record_id",
    "device_id",
    "type",
    "finished_at",
    "operator",
    "result",
    "notes",
)
_PLAN_COLUMNS: Final = (
    "plan_id",
    "scope",
    "subject",
    "type",
    "every_days",
    "every_presses",
    "day_unit",
    "due_from",
    "enabled",
)
_LISTS: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "list": (_PATH, _FILTERS, _COLUMNS),
    "records": ("/api/v1/inspection-records", _RECORD_FILTERS, _RECORD_COLUMNS),
    "plans": ("/api/v1/inspection-plans", (), _PLAN_COLUMNS),
}
_NUMBERS: Final = ("every_days", "every_presses", "grace_days", "remind_before_days")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("inspection", "clean"),
    "day_unit": ("natural", "working"),
    "due_from": ("completion", "grid"),
    "on_overdue": ("warn", "degrade"),
}
_SHEETS_MAX: Final = 1_000
_BOXES: Final = {"pass": "[x]", "fail": "[!]", None: "[ ]"}


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_list(verbs.add_parser("list", help="what is asked for, by device"), *_FILTERS)
    sheet = verbs.add_parser("sheet", help="checklists with what devices prove marked")
    add_common(sheet)
    for name in _FILTERS:
        sheet.add_argument(f"--{name}")
    _add_record(verbs.add_parser("record", help="enter what was done"))
    add_list(verbs.add_parser("records", help="what was done"), *_RECORD_FILTERS)
    add_list(verbs.add_parser("plans", help="the plans that people wrote"))
    test = verbs.add_parser("press-test", help="press every key, each is confirmed")
    add_common(test)
    test.add_argument("device_id")
    test.add_argument("--timeout", type=int, default=120, metavar="S", help="up to 600")
    _add_plan(verbs.add_parser("put", help="put a plan in force, whole"))


def _add_record(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("device_id")
    parser.add_argument("--type", default="inspection", help="or clean, repair, …")
    parser.add_argument(
        "--mark", nargs="+", type=_pair, default=[], metavar="ITEM=MARK"
    )
    parser.add_argument("--part", nargs="+", type=_pair, default=[], metavar="PART=N")
    parser.add_argument("--result", default="ok", help="or degraded, out_of_service")
    for name in ("operator", "notes", "plan", "started", "finished"):
        parser.add_argument(f"--{name}")


def _add_plan(parser: ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument("plan_id")
    scope = parser.add_mutually_exclusive_group(required=True)
    for name in ("site", "profile", "device"):
        scope.add_argument(f"--{name}")
    for name in _NUMBERS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    for name, choices in _CHOICES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", choices=choices)
    parser.add_argument("--grid-from", metavar="DATE")
    parser.add_argument("--checklist", nargs="+", metavar="ITEM")
    parser.add_argument("--exempt", action="store_true", help="ask for nothing there")


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    if args.act in _LISTS:
        return show_list(api, _LISTS[args.act][0], args, *_LISTS[args.act][1:])
    match args.act:
        case "sheet":
            return _sheets(api, args)
        case "press-test":
            return press_test(api, args)
        case "record":
            return act(api, _PATH, _record(args), args)
        case _:
            return told(api.send("PUT", "/api/v1/inspection-plans", _plan(args)), args)


def _record(args: Namespace) -> dict[str, object]:
    return {
        "device_id": args.device_id,
        "type": args.type,
        "plan_id": args.plan,
        "started_at": args.started,
        "finished_at": args.finished,
        "operator": args.operator,
        "checklist": dict(args.mark),
        "parts": {part: _count(count) for part, count in args.part},
        "result": args.result,
        "notes": args.notes,
    }


def _plan(args: Namespace) -> dict[str, object]:
    (scope,) = (one for one in ("site", "profile", "device") if getattr(args, one))
    names = (*_NUMBERS, *_CHOICES, "grid_from", "checklist")
    given = {name: getattr(args, name) for name in names}
    about = {"plan_id": args.plan_id, "scope": scope, "subject": getattr(args, scope)}
    if args.exempt:  # a plan that asks for nothing has an interval all the same
        given |= {"enabled": False, "every_days": args.every_days or 1}
    return about | given


def _sheets(api: Api, args: Namespace) -> Exit:
    query = {name: getattr(args, name) for name in _FILTERS}
    page = api.get(_PATH, limit=_SHEETS_MAX, **query)
    if args.json:
        write_json(page)
        return Exit.OK
    for item in page["items"]:
        _write_sheet(item)
    if not page["items"]:
        write_line("nothing is asked for there")
    return Exit.OK


def _write_sheet(item: dict[str, Any]) -> None:
    due = item["next_due_at"] or f"after {item['presses_due']} presses"
    place = " ".join(item[name] for name in ("site", "window") if item[name])
    write_line(
        printable(
            f"{item['device_id']}  {place}  {item['type']} {item['state']}: {due}"
        )
    )
    for line in item["checklist"]:
        write_line(printable(f"  {_BOXES[line['mark']]} {_of(line)}"))
    known = [_of(line) for line in item["known"] if line["proof"]]
    write_line(printable(f"  known: {'; '.join(known) or 'nothing'}"))
    write_line("")


def _of(line: dict[str, Any]) -> str:
    return f"{line['item']}: {line['proof']}" if line["proof"] else str(line["item"])


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name or not value:
        raise ArgumentTypeError(f"{text!r}: write NAME=VALUE")
    return name, value


def _count(text: str) -> int | str:
    """A number; what is none is left to the API to refuse."""
    return int(text) if text.isascii() and text.isdecimal() else text
