"""/comments: what customers said, without what tells who they are."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from gateway.console.callers import Reader
from gateway.console.instants import Instant, milliseconds
from gateway.console.items import Item, ListOf
from gateway.console.requests import PeriodQuery, Text
from gateway.queries import LedgerQueries
from gateway.queries.comments import CommentFilter, CommentRow
from gateway.ratings.masking import masked
from gateway.sealing import Keyring, SealBrokenError


class CommentQuery(PeriodQuery):
    site: Text | None = None
    department: Text | None = None
    level: int | None = Field(None, ge=1, le=5)
    reason: Text | None = None

    def wanted(self, subtree: str | None) -> CommentFilter:
        return CommentFilter(
            subtree=subtree,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            site=self.site,
            department=self.department,
            level=self.level,
            reason=self.reason,
        )


class Comment(Item):
    """An opinion; `comment` is null when there is none, or none any more."""

    rating_id: str
    site: str | None
    department: str | None
    window: str | None
    level: int | None = Field(description="Null of a comment that came alone.")
    reasons: list[str]
    occurred_at: Instant
    comment: str | None = Field(
        description="Addresses, links and long numbers are left out."
    )
    has_contact: bool
    erased: bool


class _Personal(msgspec.Struct):
    comment: str | None = None
    contact: dict[str, str] | None = None


class Comments:
    def __init__(self, ledger: LedgerQueries, keyring: Keyring) -> None:
        self._ledger = ledger
        self._keyring = keyring

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/comments", tags=["ratings"])
        router.add_api_route("", self.list, response_model=ListOf[Comment])
        return router

    def list(
        self, query: Annotated[CommentQuery, Query()], caller: Reader
    ) -> ListOf[Comment]:
        """Newest first; who said it is never told here."""
        page = self._ledger.comments(query.wanted(caller.site), query.part)
        items = [self._shown(row) for row in page.items]
        return ListOf[Comment](items=items, next_cursor=page.next_cursor)

    def _shown(self, row: CommentRow) -> Comment:
        found = self._opened(row)
        comment, contact = found.comment, found.contact or {}
        return Comment(
            rating_id=row.rating_id,
            site=row.site,
            department=row.department,
            window=row.window,
            level=row.level,
            reasons=list(row.reasons),
            occurred_at=row.occurred_ms,
            comment=comment and masked(comment, contact.get("value")),
            has_contact=bool(contact),
            erased=row.sealed is None,
        )

    def _opened(self, row: CommentRow) -> _Personal:
        """What was said; nothing when it was erased, or its seal does not open."""
        if row.sealed is None:
            return _Personal()
        try:
            plain = self._keyring.open(row.key_id, row.sealed, row.own_id.encode())
        except SealBrokenError:
            return _Personal()
        return msgspec.json.decode(plain, type=_Personal)
