"""`evalgate trace`: one rating's whole way, from the press to each sink."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from gateway.app.paths import Paths
from gateway.app.records import kept_at
from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import Mark, printable, write_json, write_line, write_marked
from gateway.cli.verb import add_config, add_json
from gateway.errors import PermanentError
from gateway.places import Place
from gateway.settings import Settings, load_settings

NAME = "trace"
HELP = "one rating's whole way: payload, place, decision, flags, point, deliveries"
EXAMPLES = (
    "trace dev-1:0192f7c2-5b1e-7c3a-9d55-0242ac120002",
    "trace 0192f7c2-5b1e-7c3a-9d55-0242ac120002     # the event alone, when unique",
    "trace dev-1:E0000001 --json | jq .trace.deliveries",
)

_STATES: Final = {
    "delivered": Mark.GOOD,
    "owed": Mark.WARNING,
    "dead": Mark.BAD,
}
_ORIGINS: Final = {
    "device": "the terminal's clock",
    "uptime": "counted from the terminal's uptime",
    "zone_corrected": "the terminal's clock, its zone corrected",
    "gateway": "the gateway's clock: the terminal's cannot be right",
}


class Step(NamedTuple):
    """One line of the timeline; `at` is RFC 3339 or empty."""

    at: str
    what: str
    text: str
    mark: Mark = Mark.PLAIN


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "rating_id", metavar="RATING_ID", help="DEVICE_ID:EVENT_ID, or EVENT_ID alone"
    )
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    settings = load_settings(args.config)
    path = f"/api/v1/ratings/{quote(args.rating_id, safe=':')}"
    rating = Api(settings).get(path)
    if args.json:
        write_json(rating)
        return Exit.OK
    write_line(printable(_title(rating)))
    for step in steps(settings, rating):
        text = f"{step.at:<24}  {printable(step.text)}"
        write_marked(step.mark, f"  {step.what:<9}", text)
    return Exit.OK


def steps(settings: Settings, rating: dict[str, Any]) -> Iterator[Step]:
    """The timeline, in the order in which it happened."""
    trace = rating["trace"]
    quality = rating["time_quality"]
    pressed = f"{rating['device_id']}, by {_ORIGINS.get(quality, quality)}"
    yield Step(rating["occurred_at"], "pressed", pressed)
    if rating["claimed_at"] not in {None, rating["occurred_at"]}:
        yield Step(rating["claimed_at"], "claimed", "what the terminal said instead")
    yield from _record(settings, rating["received_at"], trace["place"])
    yield Step("", "decided", _decision(trace["decision"]))
    if rating["void"] is not None:
        void = rating["void"]
        yield Step("", "voided", f"by {void['by']}: {void['reason']}", Mark.WARNING)
    if trace["point"] is not None:
        point = trace["point"]
        yield Step("", "point", f"{point['tags']} {point['time_ns']}")
    if not trace["deliveries"]:
        yield Step("", "sinks", "no sink gets it")
    for one in trace["deliveries"]:
        text = f"{one['event']} to {one['sink']}"
        yield Step("", one["state"], text, _STATES[one["state"]])
    yield from _versions(rating)


def _title(rating: dict[str, Any]) -> str:
    level = "no level" if rating["level"] is None else f"level {rating['level']}"
    force = "effective" if rating["effective"] else "not effective"
    place = rating["site"] or "no site"
    window = f", window {rating['window']}" if rating["window"] else ""
    return f"{rating['rating_id']}: {level}, {force}, {place}{window}"


def _record(settings: Settings, received_at: str, place: str) -> Iterator[Step]:
    """How it arrived, and what the journal kept of it."""
    try:
        kept = kept_at(Paths(settings), Place(*map(int, place.split("."))))
    except PermanentError as error:
        yield Step(received_at, "received", "")
        yield Step("", "recorded", f"at {place}; {error}")
        return
    if kept is None:
        yield Step(received_at, "received", "")
        yield Step("", "recorded", f"at {place}, pruned from the journal since")
        return
    came = f"{kept.topic}, {kept.payload_bytes} bytes"
    yield Step(received_at, "received", came)
    yield Step(_instant(kept.appended_ms), "recorded", f"at {place}, on disk")
    if kept.message is not None:
        shown = json.dumps(kept.message, ensure_ascii=False)
        yield Step("", "payload", shown)


def _decision(decision: dict[str, Any]) -> str:
    words = [decision["fate"], f"ordinal {decision['ordinal']}"]
    if decision["session_key"]:
        words.append(f"session {decision['session_key']}")
    words.append(f"flags {', '.join(decision['flags']) or 'none'}")
    return ", ".join(words)


def _versions(rating: dict[str, Any]) -> Iterator[Step]:
    """The other ratings of the session, which may have taken its effect."""
    for other in rating["history"]:
        if other["rating_id"] != rating["rating_id"]:
            level = f"level {other['level']}"
            force = "effective" if other["effective"] else "not effective"
            text = f"{other['rating_id']}: {level}, {force}"
            yield Step(other["occurred_at"], "session", text)


def _instant(ms: int) -> str:
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
