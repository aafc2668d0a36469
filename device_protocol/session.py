"""The `session` channel: a service session opened, invited, ended, and so on.

`judge` has every rule; `plain` reads what breaks none of them in one compiled step.
"""

from typing import Final

import msgspec

from device_protocol import wire
from device_protocol.identity import content_hash
from device_protocol.json_text import Element
from device_protocol.messages import Session
from device_protocol.plain import PlainReader, plain_claim
from device_protocol.shapes import Claim, judge_event


class SessionContent(msgspec.Struct, omit_defaults=True, gc=False):
    """What version 1 of the content hash covers, fields in alphabetical order."""

    action: str | None = None
    employee_id: str | None = None
    mode: str | None = None
    occurred_at: Claim = None
    reason: str | None = None
    service_code: str | None = None
    session_id: str | None = None
    stage: int | None = None


class _Plain(wire.Session, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A session event in which nothing is unknown."""


def judge(device_id: str, element: Element) -> Session:
    """The session event in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    start, event = judge_event(device_id, element, wire.Session)
    return Session(
        *start,
        event.session_id,
        event.action,
        event.stage,
        event.employee_id or None,
        event.service_code or None,
        event.reason,
    )


def _from_plain(event: _Plain) -> Session:
    claim = plain_claim(event.occurred_at)
    content = SessionContent(
        event.action,
        event.employee_id,
        event.mode,
        claim,
        event.reason,
        event.service_code,
        event.session_id,
        event.stage,
    )
    # By position: keywords and a tuple in between would cost a microsecond here.
    return Session(
        event.event_id,
        content_hash(content),
        claim if isinstance(claim, int) else None,
        claim if isinstance(claim, str) else None,
        event.mode or "live",
        event.seq,
        event.boot_id or None,
        event.uptime_ms,
        event.sent_uptime_ms,
        0,  # unknown_fields
        False,  # noqa: FBT003 -- derived_id, by position
        event.session_id,
        event.action,
        event.stage,
        event.employee_id or None,
        event.service_code or None,
        event.reason,
    )


plain: Final = PlainReader(_Plain, _from_plain)
