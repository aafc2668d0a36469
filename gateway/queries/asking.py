"""How readers ask: pages, filters, and what may go wrong."""

from typing import Generic, NamedTuple, TypeVar

import msgspec

from gateway.errors import TransientError

Row = TypeVar("Row")


class QueryDeadlineError(TransientError):
    """The answer would have taken too long; a narrower question may not."""


class StoreAbsentError(TransientError):
    """The process that owns this store has not made it yet."""


class CursorError(ValueError):
    """A cursor that no list of this kind has given out."""


class Slice(NamedTuple):
    """At most `limit` rows after `cursor`; None begins with the newest."""

    limit: int
    cursor: str | None = None


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """`next_cursor` asks for the rows after these, None at the end."""

    items: list[Row]
    next_cursor: str | None = None


class SiteBound(msgspec.Struct, frozen=True, kw_only=True):
    """`subtree`: only what belongs to this site or one below it; None is all."""

    subtree: str | None = None


class RatingFilter(SiteBound, frozen=True, kw_only=True):
    """Half-open `from_ms <= occurred_ms < to_ms`; None means any."""

    from_ms: int | None = None
    to_ms: int | None = None
    device: str | None = None
    site: str | None = None
    department: str | None = None
    employee: str | None = None
    session: str | None = None
    level: int | None = None
    flag: str | None = None
    effective: bool | None = None


class SessionFilter(SiteBound, frozen=True, kw_only=True):
    """Half-open on the end of the session, else on its beginning; None means any."""

    session: str | None = None
    site: str | None = None
    state: str | None = None
    device: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class DeviceFilter(SiteBound, frozen=True, kw_only=True):
    site: str | None = None
    lifecycle: str | None = None
    presence: str | None = None


class AlertFilter(SiteBound, frozen=True, kw_only=True):
    """Alerts opened from `from_ms` on and before `to_ms`."""

    state: str | None = None
    severity: str | None = None
    cause: str | None = None
    device: str | None = None
    site: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class WindowFilter(SiteBound, frozen=True, kw_only=True):
    """Maintenance windows that are not over at a moment."""

    at_ms: int | None = None
    device: str | None = None


class QuarantineFilter(SiteBound, frozen=True, kw_only=True):
    state: str | None = None
    reason: str | None = None
    device: str | None = None


class DeadLetterFilter(msgspec.Struct, frozen=True, kw_only=True):
    sink: str | None = None
    subject: str | None = None
    state: str | None = None
