"""A pretend InfluxDB: the write paths of 1.6.7 or 2.8.0, points by (series, ns).

A point that comes again replaces its fields, as in the real ones; so what `dump`
shows is exact, where a server that keeps every rewrite could not say.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Literal

import msgspec

from simulators.pretend.faults import Fault
from simulators.pretend.line_protocol import (
    FieldValue,
    LineError,
    Point,
    is_precision,
    parse_line,
    split_lines,
    without_time,
)
from simulators.pretend.server import PretendServer, Reply, Request

Api = Literal["v1", "v2"]
Key = tuple[str, tuple[tuple[str, str], ...], int]

_BAD_REQUEST: Final = 400
_PARTLY_REFUSED: Final = (400, 422)


class PretendInflux(PretendServer):
    """One database or bucket named `store`; v2 wants `token`.

    A fault with `match` and a status of 400 or 422 refuses the matching lines as
    that version does: 1.6.7 keeps the others, so does 2.8.0 with 422, and 2.8.0
    with 400 refuses the whole batch. `journal`, if given, gets every accepted
    line, with its time in nanoseconds, before the answer; what it holds at the
    start is there again, so that a kill loses no point.
    """

    def __init__(  # noqa: PLR0913 - settings of a service, each with a default
        self,
        api: Api = "v2",
        *,
        store: str = "b",
        token: str = "",
        journal: Path | None = None,
        listen: str = "127.0.0.1:0",
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(listen)
        self._api = api
        self._store = store
        self._token = token
        self._journal = journal.open("ab") if journal else None
        self._now_ns = now_ns
        self._types: dict[tuple[str, str], type[FieldValue]] = {}
        self._lines = 0
        self.points: dict[Key, dict[str, FieldValue]] = {}
        if journal is not None:
            self._recover(journal)

    def _recover(self, journal: Path) -> None:
        """Hold what an earlier process took; a torn last line was not answered."""
        whole, _, torn = journal.read_text("utf-8").rpartition("\n")
        if torn:
            with journal.open("ab") as end:
                end.truncate(len(whole.encode()) + 1 if whole else 0)
        for line in split_lines(whole):
            point = parse_line(line, "ns")
            self._conflict(point)  # learns the types of its fields
            self._hold(point)

    def subjects(self, request: Request) -> Iterable[str]:
        return split_lines(request.body.decode("utf-8", errors="replace"))

    def serve(self, request: Request, fault: Fault | None) -> Reply:
        refused = self._refuse_request(request)
        if refused is not None:
            return refused
        pattern = None
        if fault is not None and fault.status is not None:
            if fault.match is None or fault.status not in _PARTLY_REFUSED:
                return Reply(fault.status, fault.body.encode(), fault.headers)
            pattern = re.compile(fault.match)
        return self._write(request, pattern, fault.status if fault else None)

    def report(self, path: str) -> bytes | None:
        """`counts`: lines taken and points held; `dump`: a JSON line each point."""
        if path == "counts":
            held = Counter(measurement for measurement, _, _ in self.points)
            counts = {"lines": self._lines, "points": len(self.points)}
            return msgspec.json.encode({**counts, "by_measurement": dict(held)})
        if path == "dump":
            return b"".join(_dumped(key, self.points[key]) for key in self.points)
        return None

    def close(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _refuse_request(self, request: Request) -> Reply | None:
        if request.path != ("/write" if self._api == "v1" else "/api/v2/write"):
            return Reply(404, b"404 page not found\n")
        store = request.query.get("db" if self._api == "v1" else "bucket", "")
        if self._api == "v1" and not store:
            return _error("v1", 400, "invalid", "database is required")
        given = request.headers.get("authorization")
        if self._api == "v2" and self._token and given != f"Token {self._token}":
            return _error("v2", 401, "unauthorized", "unauthorized access")
        if store != self._store:
            kind = "database" if self._api == "v1" else "bucket"
            found = f'{kind} not found: "{store}"'
            return _error(self._api, 404, "not found", found)
        precision = request.query.get("precision", "ns")
        if self._api == "v2" and not is_precision(precision):
            return _error(self._api, 400, "invalid", f'invalid precision "{precision}"')
        return None

    def _write(
        self, request: Request, refused: re.Pattern[str] | None, status: int | None
    ) -> Reply:
        """Keep the good lines, unless one of a v2 batch cannot be parsed."""
        good, bad = self._sort(request, refused)
        whole = self._api == "v2" and status in (None, _BAD_REQUEST)
        if bad and (whole or not good):
            return _error(self._api, status or 400, "invalid", bad[0])
        conflicts = self._keep(good)
        if not bad and not conflicts:
            return Reply(204)
        # As in the real ones, lines that cannot be parsed are not counted here.
        told = f"partial write: {(bad or conflicts)[0]} dropped={len(conflicts)}"
        refusal = status or (400 if self._api == "v1" else 422)
        return _error(self._api, refusal, "unprocessable entity", told)

    def _sort(
        self, request: Request, refused: re.Pattern[str] | None
    ) -> tuple[list[tuple[str, Point]], list[str]]:
        asked = request.query.get("precision", "ns")
        precision = asked if is_precision(asked) else "ns"
        good: list[tuple[str, Point]] = []
        bad: list[str] = []
        for line in self.subjects(request):
            if refused is not None and refused.search(line):
                bad.append(f"unable to parse '{line}': refused on command")
                continue
            try:
                good.append((line, parse_line(line, precision)))
            except LineError as error:
                bad.append(f"unable to parse '{line}': {error}")
        return good, bad

    def _keep(self, good: list[tuple[str, Point]]) -> list[str]:
        """Store points; returns the type conflicts, whose points are not kept."""
        conflicts: list[str] = []
        kept: list[str] = []
        for line, point in good:
            conflict = self._conflict(point)
            if conflict:
                conflicts.append(conflict)
                continue
            if point.time_ns is None:
                point = point._replace(time_ns=self._now_ns())  # noqa: PLW2901 - the rest of it is as given
            self._hold(point)
            kept.append(f"{without_time(line)} {point.time_ns}\n")
        self._lines += len(kept)
        if self._journal is not None:
            self._journal.write("".join(kept).encode())
            self._journal.flush()
        return conflicts

    def _hold(self, point: Point) -> None:
        assert point.time_ns is not None
        key = (*point.series, point.time_ns)
        self.points.setdefault(key, {}).update(point.fields)

    def _conflict(self, point: Point) -> str | None:
        for name, value in point.fields.items():
            known = self._types.setdefault((point.measurement, name), type(value))
            if known is not type(value):
                return (
                    f'field type conflict: input field "{name}" on measurement '
                    f'"{point.measurement}" is type {type(value).__name__}, '
                    f"already exists as type {known.__name__}"
                )
        return None


def _error(api: Api, status: int, code: str, message: str) -> Reply:
    body = {"error": message} if api == "v1" else {"code": code, "message": message}
    headers = {"Content-Type": "application/json", "X-Influxdb-Error": ""}
    return Reply(status, msgspec.json.encode(body), headers)


def _dumped(key: Key, fields: dict[str, FieldValue]) -> bytes:
    measurement, tags, time_ns = key
    point = {"measurement": measurement, "tags": dict(tags), "time_ns": time_ns}
    return msgspec.json.encode({**point, "fields": fields}) + b"\n"
