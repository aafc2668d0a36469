"""What is owed to customers: follow-ups of bad ratings, replies to complaints."""

from typing import Literal

import msgspec

from gateway.queries.asking import SiteBound


class DutyFilter(SiteBound, frozen=True, kw_only=True):
    """`open`: whatever is not closed; of it `overdue` has run out, `due` has not."""

    kind: Literal["followup", "complaint"]
    state: Literal["due", "overdue", "open", "closed"] | None = None
    site: str | None = None


class DutyRow(msgspec.Struct, kw_only=True):
    """`due_ms` is until when to contact, or to reply; a rating has a level."""

    subject: str
    device_id: str
    site: str | None
    department: str | None
    window: str | None
    employee_id: str | None
    session_id: str | None
    level: int | None
    category: str | None
    since_ms: int
    due_ms: int
    rectify_due_ms: int | None
    contacted_ms: int | None
    fixed_ms: int | None
    confirmed_ms: int | None
    state: str


class TakenEvent(msgspec.Struct, frozen=True):
    """A session event that was accepted: its place, and the session it is of."""

    place: int
    session_key: str
    state: str
