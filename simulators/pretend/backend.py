"""A pretend business backend: CloudEvents in, a raw log that never lies.

Every request is appended to the log, one JSON line each, and the line is flushed
before the answer goes out: what was answered is in the log.
"""

import base64
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from simulators.pretend.faults import Fault
from simulators.pretend.server import PretendServer, Reply, Request

_CONTENT_TYPES: Final = (
    "application/cloudevents-batch+json",
    "application/cloudevents+json",
)
_TIMESTAMP_TOLERANCE_S: Final = 300


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One request in the raw log; `status` is what was (or would be) answered.

    `signature` is ok, bad, absent or unchecked (no secret given).
    """

    at_ms: int
    path: str
    status: int
    signature: str
    headers: dict[str, str]
    body: str


class Event(msgspec.Struct, frozen=True):
    """What the backend itself looks at in a CloudEvent."""

    id: str
    type: str
    source: str
    specversion: str


def signature(secret: str, webhook_id: str, timestamp: str, body: bytes) -> str:
    """Sign as Standard Webhooks v1: HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class PretendBackend(PretendServer):
    """Takes events on any path; refuses what a strict receiver would.

    400: not CloudEvents JSON; 401: a signature that is bad or absent, when
    `secrets` are given (any of them will do); 415: another content type.
    """

    def __init__(
        self,
        log: Path,
        listen: str = "127.0.0.1:0",
        secrets: Iterable[str] = (),
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        super().__init__(listen)
        self._log = log.open("ab")
        self._secrets = tuple(secrets)
        self._now_ms = now_ms
        self._requests = 0
        self._events: Counter[str] = Counter()
        self._last_event_ms = 0

    def subjects(self, request: Request) -> Iterable[str]:
        events = _decode(request)
        return [event.id for event in events] if events is not None else ()

    def serve(self, request: Request, fault: Fault | None) -> Reply:
        """Judge the request, write it down, then answer."""
        verdict = self._verify(request)
        events = _decode(request)
        reply = _judge(request, verdict, events)
        if fault is not None and fault.status is not None:
            reply = Reply(fault.status, fault.body.encode(), fault.headers)
        self._append(request, reply.status, verdict)
        self._requests += 1
        if events is not None and _taken(reply.status):
            self._events.update(event.type for event in events)
            self._last_event_ms = self._now_ms()
        return reply

    def report(self, path: str) -> bytes | None:
        """`counts`: requests, events taken by type, time of the last one."""
        if path != "counts":
            return None
        return msgspec.json.encode(
            {
                "requests": self._requests,
                "events": self._events.total(),
                "by_type": dict(self._events),
                "last_event_ms": self._last_event_ms,
            }
        )

    def close(self) -> None:
        self._log.close()

    def _append(self, request: Request, status: int, verdict: str) -> None:
        line = LogLine(
            at_ms=self._now_ms(),
            path=request.path,
            status=status,
            signature=verdict,
            headers={
                name: value
                for name, value in request.headers.items()
                if name == "content-type" or name.startswith(("webhook-", "ce-"))
            },
            body=request.body.decode("utf-8", errors="backslashreplace"),
        )
        self._log.write(msgspec.json.encode(line) + b"\n")
        self._log.flush()

    def _verify(self, request: Request) -> str:
        if not self._secrets:
            return "unchecked"
        given = request.headers.get("webhook-signature", "").split()
        stamp = request.headers.get("webhook-timestamp", "")
        if not given or not stamp.isdecimal():
            return "absent"
        if abs(int(stamp) - self._now_ms() // 1000) > _TIMESTAMP_TOLERANCE_S:
            return "bad"
        name = request.headers.get("webhook-id", "")
        right = [signature(key, name, stamp, request.body) for key in self._secrets]
        good = any(hmac.compare_digest(one, two) for one in given for two in right)
        return "ok" if good else "bad"


def _taken(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - the class of success


def _judge(request: Request, verdict: str, events: list[Event] | None) -> Reply:
    if request.method != "POST":
        return Reply(405)
    if verdict in ("bad", "absent"):
        return Reply(401, b'{"error":"signature"}')
    if request.headers.get("content-type", "").split(";")[0] not in _CONTENT_TYPES:
        return Reply(415)
    if events is None:
        return Reply(400, b'{"error":"not CloudEvents"}')
    return Reply(204)


def _decode(request: Request) -> list[Event] | None:
    try:
        found = msgspec.json.decode(request.body, type=Event | list[Event])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, list) else [found]


def read_log(log: Path) -> list[LogLine]:
    """Read the raw log back, oldest first."""
    with log.open("rb") as lines:
        return [msgspec.json.decode(line, type=LogLine) for line in lines]
