"""What was sent against what the sinks hold; the standard library alone.

It shares no code with what it judges. The manifest lists each good rating once.
Points are asked of an InfluxDB 1.x by query, or read from the dump of a pretend
one; events are read from the raw log that the backend wrote before it answered.
Exit status 1 when anything is missing, extra or altered; events that came again
under the same id are counted and are no damage.
"""

import argparse
import json
import sys
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

RECORDED: Final = "evalgate.rating.recorded.v1"
_EXAMPLES_MAX: Final = 10
_HTTP_S: Final = 120.0
_NS_PER_MS: Final = 1_000_000
_CHUNK_POINTS: Final = 10_000

Manifest = dict[str, dict[str, Any]]  # rating_id -> what was sent


class HeldPoint(NamedTuple):
    """One point of `rating`; `rating_id` is `device:event_id`."""

    rating_id: str
    level: int
    effective: int | None
    time_ns: int


class TakenEvent(NamedTuple):
    """One CloudEvent of a request that the backend answered with success."""

    id: str
    type: str
    data: dict[str, Any]
    at_ms: int = 0  # when it was taken

    @property
    def rating_id(self) -> str:
        return str(self.data.get("rating_id"))


@dataclass
class Findings:
    """Counts of one sink; `examples` holds a few identities of each damage."""

    expected: int
    held: int = 0
    missing: int = 0
    extra: int = 0
    altered: int = 0
    repeated: int = 0
    other: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def damaged(self) -> bool:
        return bool(self.missing or self.extra or self.altered)

    def note(self, damage: str, name: str) -> None:
        """Count one case of missing, extra or altered."""
        setattr(self, damage, getattr(self, damage) + 1)
        examples = self.examples.setdefault(damage, [])
        if len(examples) < _EXAMPLES_MAX:
            examples.append(name)


def read_manifest(path: Path) -> Manifest:
    """Read the list of good ratings."""
    with path.open(encoding="utf-8") as lines:
        sent = (json.loads(line) for line in lines)
        return {f"{one['device_id']}:{one['event_id']}": one for one in sent}


def judge_points(manifest: Manifest, points: Iterable[HeldPoint]) -> Findings:
    """Compare points with the manifest: exactly one, unaltered, for each."""
    found = Findings(len(manifest))
    seen: set[str] = set()
    for point in points:
        found.held += 1
        sent = manifest.get(point.rating_id)
        if sent is None or point.rating_id in seen:
            found.note("extra", point.rating_id)
            continue
        seen.add(point.rating_id)
        told = (point.level, point.time_ns // _NS_PER_MS, point.effective)
        if told != (sent["level"], sent["occurred_ms"], 1):
            found.note("altered", point.rating_id)
    _note_missing(found, manifest, seen)
    return found


def judge_events(manifest: Manifest, events: Iterable[TakenEvent]) -> Findings:
    """Compare `rating.recorded` with the manifest: one id, unaltered, for each.

    An id that comes again with the same data is a repetition; with other data it
    is altered; a second id for one rating is extra.
    """
    found = Findings(len(manifest))
    ids: dict[str, str] = {}  # rating_id -> event id
    other: Counter[str] = Counter()
    for event in events:
        if event.type != RECORDED:
            other[event.type] += 1
            continue
        rating_id = event.rating_id
        sent = manifest.get(rating_id)
        known = ids.get(rating_id)
        if sent is None or known not in (None, event.id):
            found.note("extra", event.id)
            continue
        if known is None:
            ids[rating_id] = event.id
            found.held += 1
        else:
            found.repeated += 1
        if not _same(event.data, sent):
            found.note("altered", event.id)
    found.other = dict(other)
    _note_missing(found, manifest, ids)
    return found


def _same(data: dict[str, Any], sent: dict[str, Any]) -> bool:
    names = ("event_id", "device_id", "level", "session_id", "employee_id")
    if any(data.get(name) != sent[name] for name in names):
        return False
    return bool(millis(str(data.get("occurred_at"))) == sent["occurred_ms"])


def millis(text: str) -> int:
    """RFC 3339 as milliseconds since the epoch."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _note_missing(found: Findings, manifest: Manifest, seen: Iterable[str]) -> None:
    for rating_id in manifest.keys() - set(seen):
        found.note("missing", rating_id)


def influx1_points(url: str, database: str) -> Iterator[HeldPoint]:
    """Ask an InfluxDB 1.x for every point of `rating`, in chunks."""
    statement = (
        'SELECT "event_id", "level", "effective" FROM "rating" GROUP BY "device"'
    )
    query = {
        "db": database,
        "q": statement,
        "epoch": "ns",
        "chunked": "true",
        "chunk_size": str(_CHUNK_POINTS),
    }
    address = f"{url}/query?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(address, timeout=_HTTP_S) as answer:  # noqa: S310 - the caller's own server
        for line in answer:
            for result in json.loads(line)["results"]:
                for series in result.get("series", ()):
                    yield from _rows(series)


def _rows(series: dict[str, Any]) -> Iterator[HeldPoint]:
    device = series["tags"]["device"]
    for time_ns, event_id, level, effective in series["values"]:
        yield HeldPoint(f"{device}:{event_id}", level, effective, time_ns)


def dumped_points(url: str) -> Iterator[HeldPoint]:
    """Read every point of `rating` from a pretend InfluxDB."""
    with urllib.request.urlopen(f"{url}/pretend/dump", timeout=_HTTP_S) as answer:  # noqa: S310 - the caller's own server
        for line in answer:
            point = json.loads(line)
            if point["measurement"] == "rating":
                fields = point["fields"]
                yield HeldPoint(
                    f"{point['tags']['device']}:{fields['event_id']}",
                    fields["level"],
                    fields.get("effective"),
                    point["time_ns"],
                )


def logged_events(log: Path) -> Iterator[TakenEvent]:
    """Read the events that the backend took, in order, repetitions included."""
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            request = json.loads(line)
            if request["status"] // 100 != 2:  # noqa: PLR2004 - the class of success
                continue
            body, at_ms = json.loads(request["body"]), request.get("at_ms", 0)
            for event in body if isinstance(body, list) else [body]:
                data = event.get("data", {})
                yield TakenEvent(event["id"], event["type"], data, at_ms)


def judge(asked: argparse.Namespace) -> dict[str, Findings]:
    """Judge each sink that was named."""
    manifest = read_manifest(asked.manifest)
    without = tuple(f"{device}:" for device in asked.without)
    found: dict[str, Findings] = {}
    points: Iterable[HeldPoint] = ()
    if asked.influx1:
        points = influx1_points(asked.influx1, asked.database)
    elif asked.dump:
        points = dumped_points(asked.dump)
    if asked.influx1 or asked.dump:
        kept = (one for one in points if not one.rating_id.startswith(without))
        found["points"] = judge_points(manifest, kept)
    if asked.log:
        events = logged_events(asked.log)
        told = (one for one in events if not one.rating_id.startswith(without))
        found["events"] = judge_events(manifest, told)
    return found


def main(arguments: Sequence[str]) -> int:
    """Compare, print the findings as JSON; returns 1 on damage."""
    parser = argparse.ArgumentParser(prog="python -m simulators reconcile")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--influx1", metavar="URL", help="an InfluxDB 1.x")
    parser.add_argument("--database", default="evalgate")
    parser.add_argument("--dump", metavar="URL", help="a pretend InfluxDB")
    parser.add_argument("--log", type=Path, help="the backend's raw log")
    parser.add_argument(
        "--without", action="append", default=[], metavar="DEVICE", help="not judged"
    )
    found = judge(parser.parse_args(arguments))
    report = {name: vars(findings) for name, findings in found.items()}
    json.dump(report, sys.stdout, indent=2)
    print()  # noqa: T201 - the report is this program's output
    return 1 if any(findings.damaged for findings in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
