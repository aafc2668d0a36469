"""How opinions are asked for, and what the ledger tells of each."""

import msgspec

from gateway.queries.asking import SiteBound


class CommentFilter(SiteBound, frozen=True, kw_only=True):
    """Half-open `from_ms <= occurred_ms < to_ms`; None means any.

    `rating_id`: what it says itself, and comments about it that came alone.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    site: str | None = None
    department: str | None = None
    level: int | None = None
    reason: str | None = None
    rating_id: str | None = None


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion, sealed; `sealed` is None once erased.

    `own_id` is what it is sealed under; of a comment that came alone `rating_id` is
    the rating that it is about.
    """

    own_id: str
    rating_id: str
    site: str | None
    department: str | None
    window: str | None
    level: int | None
    reasons: tuple[str, ...]
    occurred_ms: int
    key_id: int
    sealed: bytes | None
