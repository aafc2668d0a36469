"""/maintenance-statements: closed months of maintenance, sealed and signed."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from fleet.availability import DIMENSIONS, REPORT_COLUMNS, Key, Tally, report_row
from gateway.acts import ActName, MaintenanceSealAct
from gateway.console.acts import Acts
from gateway.console.callers import Auditor, Reader
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.naming import Named, names_of
from gateway.console.problems import not_found
from gateway.console.report_page import HEADERS, table_page
from gateway.console.requests import IdempotencyKey, Language, Month
from gateway.console.sealed import SealedItem, SiteQuery, told
from gateway.console.sight import Sight
from gateway.console.wording import Words
from gateway.events import rfc3339
from gateway.queries import LedgerQueries
from gateway.queries.maintenance import MaintenanceDetail, MaintenanceRow
from gateway.ratings.statements import is_intact
from gateway.ratings.tabular import to_csv
from gateway.sealing import Keyring

_CONTENT: Final[dict[str, Any]] = {
    "application/json": {},
    "text/csv": {},
    "text/html": {},
}
_NAMES: Final = ("device", "site", "model", "firmware")
_SIGNED: Final = {True: "holds", False: "fails", None: "no_key"}
_SEALED_COLUMNS: Final = (*_NAMES, *REPORT_COLUMNS)


class ShownQuery(SiteQuery):
    format: Literal["json", "csv", "html"] = "json"
    language: Language = "en"


class MaintenanceItem(SealedItem):
    """A closed month of maintenance, signed.

    `signature` is the HMAC-SHA-256 of the digest by key `key_id` of the keyring;
    `signed`: whether it fits, null: that key is not in the ring any more.
    """

    key_id: int
    signature: str
    signed: bool | None


class Sums(Item):
    """Sums of one device, as it was; an adjustment says by how much they differ."""

    group: dict[str, str]
    sums: dict[str, int]


class MaintenanceWhole(MaintenanceItem):
    """`work` counts records by type and result, `parts` what was used."""

    groups: list[Sums]
    work: dict[str, int]
    parts: dict[str, int]
    adjustments: list[Sums]


class MaintenanceStatements:
    def __init__(self, ledger: LedgerQueries, acts: Acts, keyring: Keyring) -> None:
        self._ledger = ledger
        self._acts = acts
        self._keyring = keyring
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/maintenance-statements", tags=["inspections"])
        router.add_api_route("", self.list, response_model=ListOf[MaintenanceItem])
        router.add_api_route(
            "/{month}",
            self.show,
            response_model=MaintenanceWhole,
            responses={200: {"content": _CONTENT}},
        )
        router.add_api_route(
            "/{month}", self.seal, methods=["POST"], responses=ACT_RESPONSES
        )
        return router

    def list(self, caller: Reader) -> ListOf[MaintenanceItem]:
        """The newest month first; each digest and signature is verified."""
        rows = self._ledger.maintenance_statements()
        seen = [one for one in rows if self._sight.sees(caller, one.statement.site)]
        items = [MaintenanceItem.model_validate(self._told(one)) for one in seen]
        return ListOf[MaintenanceItem](items=items, next_cursor=None)

    def show(
        self, month: Month, query: Annotated[ShownQuery, Query()], caller: Reader
    ) -> MaintenanceWhole | Response:
        """What was sealed, and what later changes have added or taken since."""
        self._sight.reach(caller, query.site)
        detail = self._ledger.maintenance_statement(query.site or "", month)
        if detail is None:
            raise not_found(f"sealed month {month}")
        if query.format == "json":
            return self._whole(detail)
        rows = [report_row(key, tally, _NAMES) for key, tally in _tallies(detail.row)]
        if query.format == "csv":
            name = f"maintenance-{month}.csv"
            return Response(
                to_csv(_SEALED_COLUMNS, rows),
                media_type="text/csv",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        words, at = Words("printed", query.language), _NAMES.index("site")
        ids = {str(row[at]) for row in rows} | {query.site}
        names = names_of(self._ledger, "site", ids, caller.site)
        named = [_named(row, at, names) for row in rows]
        site = query.site and names.get(query.site, query.site)
        title = words("maintenance", month=month, site=site or words("all_sites"))
        notes = self._notes(detail, words)
        text = table_page(title, notes, _SEALED_COLUMNS, named, words)
        return Response(text, media_type="text/html", headers=dict(HEADERS))

    async def seal(
        self,
        month: Month,
        query: Annotated[SiteQuery, Query()],
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Seal and sign a month that is over, once."""
        await run_in_threadpool(self._sight.reach_known, caller, query.site)
        act = MaintenanceSealAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            month=month,
            site=query.site,
        )
        return await self._acts.perform(ActName.MAINTENANCE_SEALED, act)

    def _told(self, row: MaintenanceRow) -> dict[str, object]:
        return {
            **told(row.author, row.statement),
            "key_id": row.key_id,
            "signature": row.signature,
            "signed": self._is_signed(row),
        }

    def _is_signed(self, row: MaintenanceRow) -> bool | None:
        if not self._keyring.holds(row.key_id):
            return None
        digest = row.statement.digest.encode()
        return self._keyring.digest(row.key_id, digest).hex() == row.signature

    def _whole(self, detail: MaintenanceDetail) -> MaintenanceWhole:
        one = detail.row.statement
        return MaintenanceWhole.model_validate(
            {
                **self._told(detail.row),
                "groups": [_sums(key, sums) for key, sums in one.cells.items()],
                "work": one.work,
                "parts": one.parts,
                "adjustments": [_sums(*each) for each in detail.adjustments],
            }
        )

    def _notes(self, detail: MaintenanceDetail, words: Words) -> Sequence[str]:
        """What stands above the table: as of when, the work, and how to verify."""
        row, one = detail.row, detail.row.statement
        none, as_of = words("nothing"), rfc3339(one.as_of_ms)
        work, parts = _listed(one.work, words), _listed(one.parts, words)
        signed = words(_SIGNED[self._is_signed(row)])
        intact = words("intact" if is_intact(one) else "altered")
        return [
            words("maintained", author=row.author, at=as_of, rules=one.rules),
            words("work", work=work or none, parts=parts or none),
            words("later", count=len(detail.adjustments) or none),
            words("digest", digest=one.digest, intact=intact),
            words("signature", name=row.signature, number=row.key_id, signed=signed),
        ]


def _tallies(row: MaintenanceRow) -> list[tuple[Key, Tally]]:
    return [
        (Key(**_group(name)), Tally(**sums))
        for name, sums in row.statement.cells.items()
    ]


def _named(
    row: Sequence[object], at: int, names: Mapping[str, str]
) -> Sequence[object]:
    """With a name in the place of an id."""
    name = names.get(str(row[at]))
    if name is None:
        return row
    return [*row[:at], Named(name, str(row[at])), *row[at + 1 :]]


def _listed(counts: Mapping[str, int], words: Words) -> str:
    told = (f"{_said(name, words)}: {count}" for name, count in sorted(counts.items()))
    return words("list_joint").join(told)


def _said(name: str, words: Words) -> str:
    """A part, or a kind of work with its outcome, such as `repair.ok`."""
    kind, dot, outcome = name.partition(".")
    if not dot:
        return words.known("part", name)
    work, result = words.known("task", kind), words.known("outcome", outcome)
    return words("beside", name=work, more=result)


def _sums(name: str, sums: dict[str, int]) -> Sums:
    return Sums(group=_group(name), sums=sums)


def _group(name: str) -> dict[str, str]:
    """A group by its name in a statement: `device=d-1|site=hall`."""
    found: dict[str, str] = {}
    for part in name.split("|"):
        dimension, mark, value = part.partition("=")
        if mark and dimension in DIMENSIONS and dimension not in found:
            found[dimension] = value
    return found
