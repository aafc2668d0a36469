"""/samples: drawn for inspection by a seed, and what inspectors found."""

from decimal import Decimal
from typing import Annotated, Final, Literal, Self

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, Field, model_validator
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, SampleDrawAct, SampleFindingsAct
from gateway.console.acts import Acts
from gateway.console.callers import Auditor, Caller, Reader
from gateway.console.instants import Instant, Rfc3339, milliseconds
from gateway.console.items import ACT_RESPONSES, Item, ListOf
from gateway.console.problems import not_found
from gateway.console.requests import IdempotencyKey, ListQuery, Strict, Text
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.counts import CountFilter
from gateway.queries.samples import Candidates, FoundRow, SampleDetail, SampleRow
from gateway.ratings.policy import DAY_MS
from gateway.ratings.sampling import Finding, Verdict, correct_rate, draw, shortlist

VOLUME_MAX: Final = 1_000
State = Literal["open", "matches", "differs", "exempt"]
"""What was found of a member; open: nothing yet."""
_TABLES: Final = ("sites", "departments", "windows", "employees", "devices")
"""What a filter names must be there: an empty sample of a slip proves nothing."""
_ACT: Final = msgspec.json.Decoder(SampleDrawAct)


class SampleFilter(Strict):
    """From which ratings and sessions: half-open on the moment that they count on."""

    from_: Rfc3339 | None = Field(None, alias="from")
    to: Rfc3339 | None = None
    site: Text | None = None
    department: Text | None = None
    window: Text | None = None
    employee: Text | None = None
    device: Text | None = None
    service: Text | None = None

    def wanted(self, subtree: str | None) -> CountFilter:
        return CountFilter(
            subtree=subtree,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            **self.model_dump(exclude={"from_", "to"}),
        )


def _as_text(seed: object) -> object:
    """A number is as good a seed as its digits."""
    is_number = isinstance(seed, int) and not isinstance(seed, bool)
    return str(seed) if is_number else seed


class SampleBody(Strict):
    filter: SampleFilter = Field(default_factory=SampleFilter)
    volume: int = Field(ge=1, le=VOLUME_MAX)
    unrated_share: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)] = Decimal(
        "0.30"
    )
    seed: Annotated[Text, BeforeValidator(_as_text)]


class FindingBody(Strict):
    """What was found of one member; exempt ones do not count."""

    member: Text
    matches: bool | None = None
    exempt: bool = False
    note: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _says(self) -> Self:
        if (self.matches is None) is not self.exempt:
            raise ValueError("say either matches (true or false), or exempt: true")
        return self

    def finding(self) -> Finding:
        verdict: Verdict = "exempt"
        if not self.exempt:
            verdict = "matches" if self.matches else "differs"
        return Finding(self.member, verdict, self.note)


class FindingsBody(Strict):
    findings: Annotated[list[FindingBody], Field(min_length=1, max_length=VOLUME_MAX)]


class FoundItem(Item):
    member: str
    verdict: Verdict
    note: str
    author: str
    at: Instant = Field(validation_alias="at_ms")


class SampleItem(Item):
    """Ratings by rating_id, sessions without one by session_key.

    `filter` says of which they were drawn; `correct_rate` is a percentage, null while
    nothing counts.
    """

    sample_id: str
    author: str
    drawn_at: Instant
    filter: dict[str, str]
    seed: str
    volume: int
    unrated_share: str
    rated: list[str]
    unrated: list[str]
    rated_shortfall: int
    unrated_shortfall: int
    matches: int
    differs: int
    exempt: int
    open: int
    correct_rate: str | None


class SampleWhole(SampleItem):
    findings: list[FoundItem]


class MembersQuery(Strict):
    state: State | None = None
    limit: int = Field(100, ge=1, le=VOLUME_MAX)
    cursor: int = Field(0, ge=0, le=VOLUME_MAX)


class MemberItem(Item):
    """A member in the order of the draw: a rating, or a session without one."""

    member: str
    rating_id: str | None
    session_key: str | None
    state: State
    note: str | None
    author: str | None
    at: Instant | None


class Samples:
    def __init__(self, ledger: LedgerQueries, acts: Acts) -> None:
        self._ledger = ledger
        self._acts = acts
        self._sight = Sight(ledger)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/samples", tags=["statistics"])
        router.add_api_route("", self.list, response_model=ListOf[SampleItem])
        router.add_api_route("/{sample_id}", self.show, response_model=SampleWhole)
        router.add_api_route(
            "/{sample_id}/members", self.members, response_model=ListOf[MemberItem]
        )
        router.add_api_route("", self.draw, methods=["POST"], responses=ACT_RESPONSES)
        router.add_api_route(
            "/{sample_id}/findings",
            self.find,
            methods=["POST"],
            responses=ACT_RESPONSES,
        )
        return router

    def list(
        self, query: Annotated[ListQuery, Query()], caller: Reader
    ) -> ListOf[SampleItem]:
        """Newest first; who is bound to a site sees the samples drawn for it."""
        page = self._ledger.samples(query.part)
        seen = [row for row in page.items if self._is_seen(caller, row)]
        items = [_item(row) for row in seen]
        return ListOf[SampleItem](items=items, next_cursor=page.next_cursor)

    def show(self, sample_id: Text, caller: Reader) -> SampleWhole:
        """A sample, its findings, and the correct rate."""
        detail = self._found(sample_id, caller)
        found = [FoundItem.model_validate(one) for one in detail.findings]
        return SampleWhole(**dict(_item(detail.sample)), findings=found)

    def members(
        self,
        sample_id: Text,
        query: Annotated[MembersQuery, Query()],
        caller: Reader,
    ) -> ListOf[MemberItem]:
        """Each member with what was found of it last."""
        detail = self._found(sample_id, caller)
        act = _ACT.decode(detail.sample.data)
        known = {one.member: one for one in detail.findings}
        items = [
            *(_member(name, known.get(name), is_rating=True) for name in act.rated),
            *(_member(name, known.get(name), is_rating=False) for name in act.unrated),
        ]
        if query.state is not None:
            items = [one for one in items if one.state == query.state]
        end = query.cursor + query.limit
        return ListOf[MemberItem](
            items=items[query.cursor : end],
            next_cursor=str(end) if end < len(items) else None,
        )

    async def draw(
        self,
        body: SampleBody,
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Draw without replacement: of what is known now, a seed draws the same."""
        act = await run_in_threadpool(self._drawn, body, caller, idempotency_key)
        return await self._acts.perform(ActName.SAMPLE_DRAWN, act)

    async def find(
        self,
        sample_id: Text,
        body: FindingsBody,
        caller: Auditor,
        idempotency_key: IdempotencyKey = None,
    ) -> JSONResponse:
        """Say what was found of members; of several on one the last counts."""
        await run_in_threadpool(self._found, sample_id, caller)
        act = SampleFindingsAct(
            author=caller.name,
            idempotency_key=idempotency_key,
            sample_id=sample_id,
            findings=[one.finding() for one in body.findings],
        )
        return await self._acts.perform(ActName.SAMPLE_FINDINGS, act)

    def _drawn(
        self, body: SampleBody, caller: Caller, key: str | None
    ) -> SampleDrawAct:
        for table in _TABLES:
            self._sight.known(caller, table, getattr(body.filter, table[:-1]))
        known = self._shortlist(body, caller)
        share = f"{body.unrated_share:f}"
        drawn = draw(known.rated, known.unrated, body.volume, body.seed, share)
        return SampleDrawAct(
            author=caller.name,
            idempotency_key=key,
            filter=body.filter.model_dump(
                mode="json", by_alias=True, exclude_none=True
            ),
            site=caller.site,
            volume=body.volume,
            unrated_share=share,
            seed=body.seed,
            rated=list(drawn.rated),
            unrated=list(drawn.unrated),
            rated_shortfall=drawn.rated_shortfall,
            unrated_shortfall=drawn.unrated_shortfall,
        )

    def _shortlist(self, body: SampleBody, caller: Caller) -> Candidates:
        """Who may be drawn at all; a day at a time, so that no question is long."""
        wanted = body.filter.wanted(caller.site)
        first_ms, end_ms = self._ledger.counted_between()
        from_ms = first_ms if wanted.from_ms is None else max(first_ms, wanted.from_ms)
        to_ms = end_ms if wanted.to_ms is None else min(end_ms, wanted.to_ms)
        best = Candidates([], [])
        for at_ms in range(from_ms, to_ms, DAY_MS):
            day = (at_ms, min(at_ms + DAY_MS, to_ms))
            found = self._ledger.candidates(
                msgspec.structs.replace(wanted, from_ms=day[0], to_ms=day[1])
            )
            best = Candidates(
                *(
                    list(shortlist([*known, *more], body.volume, body.seed))
                    for known, more in (
                        (best.rated, found.rated),
                        (best.unrated, found.unrated),
                    )
                )
            )
        return best

    def _found(self, sample_id: str, caller: Caller) -> SampleDetail:
        detail = self._ledger.sample(sample_id)
        if detail is None or not self._is_seen(caller, detail.sample):
            raise not_found(f"sample {sample_id}")
        return detail

    def _is_seen(self, caller: Caller, row: SampleRow) -> bool:
        return self._sight.sees(caller, _ACT.decode(row.data).site)


def _item(row: SampleRow) -> SampleItem:
    act = _ACT.decode(row.data)
    found = row.matches + row.differs + row.exempt
    return SampleItem(
        sample_id=row.sample_id,
        author=row.author,
        drawn_at=row.at_ms,
        filter=act.filter,
        seed=act.seed,
        volume=act.volume,
        unrated_share=act.unrated_share,
        rated=act.rated,
        unrated=act.unrated,
        rated_shortfall=act.rated_shortfall,
        unrated_shortfall=act.unrated_shortfall,
        matches=row.matches,
        differs=row.differs,
        exempt=row.exempt,
        open=len(act.rated) + len(act.unrated) - found,
        correct_rate=correct_rate(row.matches, row.differs),
    )


def _member(name: str, found: FoundRow | None, *, is_rating: bool) -> MemberItem:
    return MemberItem(
        member=name,
        rating_id=name if is_rating else None,
        session_key=None if is_rating else name,
        state="open" if found is None else found.verdict,
        note=None if found is None else found.note,
        author=None if found is None else found.author,
        at=None if found is None else found.at_ms,
    )
