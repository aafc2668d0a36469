"""What sealed months have in common, those of ratings and those of maintenance."""

from gateway.console.instants import Instant
from gateway.console.items import Item
from gateway.console.requests import Strict, Text
from gateway.ratings.statements import Statement, is_intact


class SiteQuery(Strict):
    """Of which site; without one of all of them together."""

    site: Text | None = None


class SealedItem(Item):
    """`digest` is the SHA-256 of all that was sealed; `intact`: it still fits."""

    month: str
    site: str | None
    as_of: Instant
    author: str
    rules_revision: str
    digest: str
    intact: bool


def told(author: str, one: Statement) -> dict[str, object]:
    """The fields of a `SealedItem`."""
    return {
        "month": one.period,
        "site": one.site or None,
        "as_of": one.as_of_ms,
        "author": author,
        "rules_revision": one.rules,
        "digest": one.digest,
        "intact": is_intact(one),
    }
