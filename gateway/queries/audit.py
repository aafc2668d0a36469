"""Who did what: the acts that the fold has settled."""

import msgspec


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open `from_ms <= at_ms < to_ms`; None means any.

    `everything` is with what the gateway's own roles told of themselves.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    by: str | None = None
    kind: str | None = None
    everything: bool = False


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """An act; `by` None: the gateway, or the configuration that it was started with.

    `outcome` is a JSON object, encoded, as of `gateway.queries.rows.ActRow`.
    """

    place: int
    name: str
    by: str | None
    at_ms: int
    outcome: str
