"""/audit: who did what, as the journal keeps it."""

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from gateway.console.callers import Auditor, whole_gateway
from gateway.console.instants import Instant, milliseconds
from gateway.console.items import Item, ListOf
from gateway.console.requests import PeriodQuery, Text
from gateway.places import Place
from gateway.ports import Record
from gateway.queries import LedgerQueries
from gateway.queries.asking import Page
from gateway.queries.audit import AuditFilter, AuditRow
from gateway.queries.journal import JournalRecords

_VALUE_BYTES_MAX: Final = 2_000
"""A longer value, as of an import, is told by its length."""

_ASKER: Final = ("author", "idempotency_key")
_SUBJECTS: Final = (
    "device_id",
    "rating_id",
    "subject",
    "alert_id",
    "window_id",
    "sample_id",
    "sink",
    "table",
    "site",
    "month",
)
"""Fields that say what an act was about, the most telling first."""


class AuditQuery(PeriodQuery):
    """Half-open on when it was asked for; `by` is the name of a token or user."""

    by: Text | None = None
    kind: Text | None = None
    all: bool = Field(
        default=False,
        description="With what the gateway's own roles told, such as lost links.",
    )

    def wanted(self) -> AuditFilter:
        return AuditFilter(
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            by=self.by,
            kind=self.kind,
            everything=self.all,
        )


class AuditItem(Item):
    """An act: `content` is what was asked for, `outcome` what came of it.

    `by` is null for the gateway and its configuration; `content` is null where the
    journal no longer holds the record. `outcome` has an `error` when it was refused.
    """

    place: str
    at: Instant
    kind: str
    by: str | None
    subject: str | None
    result: Literal["done", "refused", "repeated"]
    outcome: dict[str, Any]
    content: dict[str, Any] | None


class Audit:
    def __init__(self, ledger: LedgerQueries, records: JournalRecords) -> None:
        self._ledger = ledger
        self._records = records

    def router(self) -> APIRouter:
        router = APIRouter(tags=["audit"])
        router.add_api_route("/audit", self.list, response_model=ListOf[AuditItem])
        return router

    def list(
        self, query: Annotated[AuditQuery, Query()], caller: Auditor
    ) -> Page[AuditItem]:
        """Acts of people and programs, each read of a contact among them."""
        whole_gateway(caller)
        found = self._ledger.audit(query.wanted(), query.part)
        places = [Place.unpack(row.place) for row in found.items]
        kept = self._records.at(places)
        items = []
        for row, place in zip(found.items, places, strict=True):
            one = kept.get(place)
            items.append(_item(row, place, None if one is None else one.record))
        return Page(items, found.next_cursor)


def _item(row: AuditRow, place: Place, record: Record | None) -> AuditItem:
    outcome = msgspec.json.decode(row.outcome, type=dict[str, Any])
    content = None if record is None else _content(record)
    return AuditItem(
        place=str(place),
        at=row.at_ms,
        kind=row.name,
        by=row.by or None,
        subject=_subject(content or outcome),
        result=_result(outcome),
        outcome=_shortened(outcome),
        content=None if content is None else _shortened(content),
    )


def _content(record: Record) -> dict[str, Any] | None:
    """What an act says beside who asked; None: nothing that can be read."""
    try:
        said = msgspec.json.decode(record.payload, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return None
    return {name: value for name, value in said.items() if name not in _ASKER}


def _subject(told: dict[str, Any]) -> str | None:
    for name in _SUBJECTS:
        if isinstance(value := told.get(name), str | int):
            return str(value)
    row = told.get("device")
    return row.get("device_id") if isinstance(row, dict) else None


def _result(outcome: dict[str, Any]) -> Literal["done", "refused", "repeated"]:
    if "error" in outcome:
        return "refused"
    return "repeated" if outcome.get("repeated") is True else "done"


def _shortened(told: dict[str, Any]) -> dict[str, Any]:
    sizes = {name: len(msgspec.json.encode(value)) for name, value in told.items()}
    return {
        name: value if sizes[name] <= _VALUE_BYTES_MAX else f"({sizes[name]} bytes)"
        for name, value in told.items()
    }
