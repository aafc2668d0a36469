"""`evalgate rehearse`: what would differ had other rules been in force."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from gateway.app.comparing import FigureDifference
from gateway.app.rehearsing import (
    Asked,
    Progress,
    Rehearsed,
    counted_flags,
    rehearse,
    room,
)
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line, write_table
from gateway.cli.verb import add_json
from gateway.errors import PermanentError
from gateway.events import rfc3339
from gateway.ledger.differing import Difference
from gateway.settings import Settings, load_settings

NAME = "rehearse"
HELP = "what would differ had other rules been in force: sessions, flags, figures"
EXAMPLES = (
    "rehearse --config new.toml --from 2026-11-01",
    "rehearse --config new.toml --from 2026-11-01 --to 2026-12-01 --json",
    "rehearse --config new.toml --from 2026-11-01T08:00:00+08:00 --scratch /var/tmp",
)
SHOWN_MAX: Final = 20
"""Differences of one kind that a person is shown; `--json` lists more."""
MESSAGES_TOLD_MIN: Final = 1_000
"""Of fewer messages the time says nothing about a million of them."""
_STAGES: Final = {"fold": "blocks folded again", "compare": "comparing"}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="NEW",
        help="a configuration with the rules to try; its data_dir is read",
    )
    day = "a day, or an instant with its offset"
    parser.add_argument(
        "--from",
        dest="from_",
        type=_instant,
        required=True,
        metavar="FROM",
        help=f"the rules are supposed to be in force since: {day}",
    )
    parser.add_argument(
        "--to", type=_instant, metavar="TO", help=f"compare up to: {day}; default: now"
    )
    parser.add_argument(
        "--scratch",
        type=Path,
        metavar="DIR",
        help="where a second ledger lies meanwhile; default: beside the data directory",
    )
    add_json(parser)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        detail = f"{text!r} is neither 2026-11-01 nor 2026-11-01T08:00:00+08:00"
        raise ArgumentTypeError(detail) from None


def run(args: Namespace) -> Exit:
    settings = load_settings(args.config)
    asked = _asked(settings, args)
    needed, free = room(settings, asked.scratch)
    told = f"a second ledger in {asked.scratch} takes about {_mib(needed)}"
    _say(f"{told} for a while; {_mib(free)} are free there")
    with _progress() as progress:
        found = rehearse(settings, asked, progress)
    _say(_speed(found))
    if args.json:
        write_json(_body(asked, found))
    else:
        _show(found)
    return Exit.OK


def _asked(settings: Settings, args: Namespace) -> Asked:
    """Raises PermanentError when FROM does not come before TO."""
    zone = ZoneInfo(settings.rules.time_zone)
    from_ms = _ms(args.from_, zone)
    to_ms = _ms(args.to or datetime.now(UTC), zone)
    if from_ms >= to_ms:
        raise PermanentError("--from must come before --to")
    scratch = args.scratch or settings.gateway.data_dir.resolve().parent
    return Asked(from_ms, to_ms, scratch)


def _ms(moment: datetime, zone: ZoneInfo) -> int:
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return int(local.timestamp() * 1000)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"


def _speed(found: Rehearsed) -> str:
    text = f"{found.messages:,} messages folded in {found.seconds:.1f} s"
    if found.messages < MESSAGES_TOLD_MIN:
        return text
    return f"{text}, {found.seconds / found.messages * 1e6:.1f} s per million"


@contextmanager
def _progress() -> Iterator[Progress]:
    """Bars for people who wait; nothing in a pipe."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bars = Bars(*columns, console=Console(file=sys.stderr), transient=True)
    bars.disable = not sys.stderr.isatty()
    tasks: dict[str, TaskID] = {}

    def told(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(_STAGES[stage], total=None)
        bars.update(tasks[stage], completed=done, total=total or None)

    with bars:
        yield told


def _body(asked: Asked, found: Rehearsed) -> dict[str, Any]:
    """For programs; lists are bounded, totals are not."""
    return {
        "from": rfc3339(asked.from_ms),
        "to": rfc3339(asked.to_ms),
        "differs": found.differs,
        "block": found.block,
        "messages": found.messages,
        "seconds": round(found.seconds, 3),
        "sessions": {
            "differ": found.sessions.total,
            "by_field": _public(found.sessions.by_field),
            "items": [_item("session_key", one) for one in found.sessions.items],
        },
        "ratings": {
            "differ": found.ratings.total,
            "by_field": _public(found.ratings.by_field),
            "items": [_item("rating_id", one) for one in found.ratings.items],
        },
        "flags": {
            flag: {"before": before, "after": after}
            for flag, (before, after) in counted_flags(found.ratings).items()
        },
        "figures": [one._asdict() for one in found.figures],
        "fates": {
            fate: {"before": before, "after": after}
            for fate, (before, after) in found.fates.items()
        },
        "remarks": found.remarks,
    }


def _item(name: str, one: Difference) -> dict[str, Any]:
    """What differs of one session or rating; all of it where one side lacks it."""
    fields = one.fields or tuple(one.before or one.after or ())
    return {
        name: one.name,
        "at": rfc3339(one.moment_ms),
        "before": _side(one.before, fields),
        "after": _side(one.after, fields),
    }


def _side(side: Mapping[str, Any] | None, fields: Iterable[str]) -> object:
    if side is None:
        return None
    return {_name(name): _value(name, side[name]) for name in fields}


def _name(field: str) -> str:
    """As the API names it: instants end in `_at`, but for `amend_until`."""
    if field == "amend_until_ms":
        return "amend_until"
    return f"{field.removesuffix('_ms')}_at" if field.endswith("_ms") else field


def _value(field: str, value: object) -> object:
    return rfc3339(value) if isinstance(value, int) and field.endswith("_ms") else value


def _public(by_field: Mapping[str, int]) -> dict[str, int]:
    return {_name(field): count for field, count in by_field.items()}


def _show(found: Rehearsed) -> None:
    """Counts, then the first of each kind."""
    for remark in found.remarks:
        write_line(f"note: {remark}")
    if not found.differs:
        write_line("nothing would differ")
        return
    _show_items("sessions", found.sessions.total, found.sessions.by_field)
    write_table(("session", "field", "before", "after"), _rows(found.sessions.items))
    _show_items("ratings", found.ratings.total, found.ratings.by_field)
    write_table(("rating", "field", "before", "after"), _rows(found.ratings.items))
    flags = counted_flags(found.ratings)
    if flags:
        write_line("flags, of the ratings that differ:")
        rows = ((flag, *pair) for flag, pair in flags.items())
        write_table(("flag", "before", "after"), rows)
    if found.fates:
        write_line("fates of elements, of the whole journal:")
        fates = ((fate, *pair) for fate, pair in found.fates.items())
        write_table(("fate", "before", "after"), fates)
    write_line(f"figures: {len(found.figures)} groups would differ")
    write_table(("group", "figure", "before", "after"), _figures(found.figures))


def _show_items(kind: str, total: int, by_field: Mapping[str, int]) -> None:
    told = ", ".join(f"{name} {count}" for name, count in _public(by_field).items())
    write_line(f"{kind}: {total} would differ{f' ({told})' if told else ''}")
    if total > SHOWN_MAX:
        write_line(f"the first {SHOWN_MAX}; --json lists more")


def _rows(items: Iterable[Difference]) -> Iterator[tuple[object, ...]]:
    for one in list(items)[:SHOWN_MAX]:
        if one.before is None or one.after is None:
            sides = ("absent", "there") if one.before is None else ("there", "absent")
            yield (one.name, "", *sides)
            continue
        for field in one.fields:
            pair = (_value(field, side[field]) for side in (one.before, one.after))
            yield (one.name, _name(field), *pair)


def _figures(found: Iterable[FigureDifference]) -> Iterator[tuple[object, ...]]:
    for one in list(found)[:SHOWN_MAX]:
        named = ", ".join(f"{name} {value or '-'}" for name, value in one.key.items())
        for figure, before in one.before.items():
            after = one.after[figure]
            if not isinstance(before or after, dict):  # by level: `--json` has them
                yield (named or "all", figure, before, after)
