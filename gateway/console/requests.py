"""What callers send: query parameters, headers and bodies."""

from collections import Counter
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, Self

from fastapi import Header, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import HTTPConnection

from fleet.registry import Lifecycle
from fleet.watching import Presence
from gateway.console.instants import Rfc3339, milliseconds
from gateway.console.problems import ProblemError
from gateway.queries.asking import (
    AlertFilter,
    DeadLetterFilter,
    DeviceFilter,
    QuarantineFilter,
    RatingFilter,
    SessionFilter,
    Slice,
    WindowFilter,
)
from gateway.ratings.lifecycle import State

LIMIT_MAX: Final = 1000
_IDS_MAX: Final = 1000

Text = Annotated[str, Field(min_length=1, max_length=200)]

Month = Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A repeat of the same request under the same key, within a day,"
        " changes nothing and is answered alike.",
    ),
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


SEVERAL: Final = frozenset({"key", "group_by", "satisfied_levels"})
"""Query parameters that may be given several times; a test compares them."""


async def each_once(request: HTTPConnection) -> None:
    """Of a parameter that is given twice, one value would be dropped without a word.

    Raises ProblemError.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in given.items():
        if times > 1 and name not in SEVERAL:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            detail = f"query.{name}: is given {times} times: give it once"
            raise ProblemError(status, "invalid_request", detail)


class ListQuery(Strict):
    limit: int = Field(100, ge=1, le=LIMIT_MAX)
    cursor: Text | None = None

    @property
    def part(self) -> Slice:
        return Slice(self.limit, self.cursor)


Language = Annotated[Literal["en", "zh"], Field(description="Of the page to print.")]


class RegistryQuery(ListQuery):
    """`key`: the rows of these keys alone, once for each."""

    key: Annotated[list[Text], Field(min_length=1, max_length=LIMIT_MAX)] | None = None


class PeriodQuery(ListQuery):
    """Half-open: `from` belongs to the period, `to` does not."""

    from_: Rfc3339 | None = Field(None, alias="from")
    to: Rfc3339 | None = None


class RangeBody(Strict):
    """Half-open, by the time of the events."""

    from_: Rfc3339 = Field(alias="from")
    to: Rfc3339

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError("from must be before to")
        return self


class RatingQuery(PeriodQuery):
    device: Text | None = None
    site: Text | None = None
    department: Text | None = None
    employee: Text | None = None
    session: Text | None = None
    level: int | None = Field(None, ge=1, le=5)
    flag: Text | None = None
    effective: bool | None = None

    def wanted(self, subtree: str | None) -> RatingFilter:
        return RatingFilter(
            subtree=subtree,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            device=self.device,
            site=self.site,
            department=self.department,
            employee=self.employee,
            session=self.session,
            level=self.level,
            flag=self.flag,
            effective=self.effective,
        )


class SessionQuery(PeriodQuery):
    session: Text | None = None
    site: Text | None = None
    state: State | None = None
    device: Text | None = None

    def wanted(self, subtree: str | None) -> SessionFilter:
        return SessionFilter(
            subtree=subtree,
            session=self.session,
            site=self.site,
            state=self.state,
            device=self.device,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
        )


class DeviceQuery(ListQuery):
    site: Text | None = None
    lifecycle: Lifecycle | None = None
    presence: Presence | None = None

    def wanted(self, subtree: str | None) -> DeviceFilter:
        return DeviceFilter(
            subtree=subtree,
            site=self.site,
            lifecycle=self.lifecycle,
            presence=self.presence,
        )


class AlertQuery(ListQuery):
    """`from` and `to` are of the opening."""

    state: Literal["open", "confirmed", "snoozed", "resolved"] | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    from_: Rfc3339 | None = Field(None, alias="from")
    to: Rfc3339 | None = None
    cause: Text | None = None
    device: Text | None = None
    site: Text | None = None

    def wanted(self, subtree: str | None) -> AlertFilter:
        return AlertFilter(
            subtree=subtree,
            state=self.state,
            severity=self.severity,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            cause=self.cause,
            device=self.device,
            site=self.site,
        )


class QuarantineQuery(ListQuery):
    state: Literal["held", "replayed", "purged"] | None = None
    reason: Text | None = None
    device: Text | None = None

    def wanted(self, subtree: str | None) -> QuarantineFilter:
        return QuarantineFilter(
            subtree=subtree, state=self.state, reason=self.reason, device=self.device
        )


class DeadLetterQuery(ListQuery):
    sink: Text | None = None
    subject: Text | None = None
    state: Literal["dead", "replaying", "replayed", "purged"] | None = None

    def wanted(self) -> DeadLetterFilter:
        return DeadLetterFilter(sink=self.sink, subject=self.subject, state=self.state)


ItemId = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""The number of a row in a store."""

Ids = Annotated[list[ItemId], Field(min_length=1, max_length=_IDS_MAX)]


class QuarantineChoice(Strict):
    """Which items: some by `ids`, or all that wait for one `reason`."""

    ids: Ids | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.ids is None and self.reason is None:
            raise ValueError("say which: ids or reason")
        return self


class DeadLetterChoice(Strict):
    """Which dead letters: some by `ids`, or all of a `sink`."""

    ids: Ids | None = None
    sink: Text | None = None

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.ids is None and self.sink is None:
            raise ValueError("say which: ids or sink")
        return self


Cell = Annotated[str, Field(max_length=500)]


class DeviceRow(Strict):
    """A device's row of the registry: null clears a column, what is absent stays."""

    hw_serial: Cell | None = None
    model: Cell | None = None
    profile: Cell | None = None
    lifecycle: Lifecycle | None = None
    site: Cell | None = None
    window: Cell | None = None
    labels: Cell | None = None
    installed_at: Cell | None = None

    def given(self) -> dict[str, str | None]:
        """The columns that were sent; empty text clears one, too."""
        row = self.model_dump(mode="json", exclude_unset=True)
        return {name: value or None for name, value in row.items()}


class Confirmation(Strict):
    reason: Text | None = None


class Snooze(Strict):
    """Put the alert aside until a time, a month ahead at most."""

    until: Rfc3339
    reason: Text | None = None


class WindowQuery(ListQuery):
    """`at`: those that are not over then; `device`: those of one device alone."""

    at: Rfc3339 | None = None
    device: Text | None = None

    def wanted(self, subtree: str | None) -> WindowFilter:
        return WindowFilter(
            subtree=subtree, at_ms=milliseconds(self.at), device=self.device
        )


class NewWindow(Strict):
    """Nobody is told of alerts about a device, or a site and those below it.

    For 8 hours at most; it ends by itself. Without `from` it begins now.
    """

    device_id: Text | None = None
    site: Text | None = None
    from_: Rfc3339 | None = Field(None, alias="from")
    until: Rfc3339
    reason: Text | None = None


class TraceQuery(Strict):
    """Which deliveries a rating's trace shows."""

    sink: Text | None = None
    event: Text | None = None
    state: Literal["delivered", "owed", "dead"] | None = None


class ImportQuery(Strict):
    dry_run: bool = Field(
        default=False, description="Say what would happen; change nothing."
    )


class DeviceChange(Strict):
    """Why, and where the device stands from now on; what is absent stays."""

    reason: Text | None = None
    site: Text | None = None
    window: Text | None = None


class VoidReason(Strict):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class DisputeBody(Strict):
    """`employee_id` is who disputes; without it, whom the rating is credited to."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    employee_id: Annotated[str | None, Field(min_length=1, max_length=32)] = None


class DecisionBody(Strict):
    outcome: Literal["kept", "voided"]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class MessageBody(BaseModel):
    """A message of the protocol; its other fields are judged by the fold."""

    model_config = ConfigDict(extra="allow")

    v: int = 1
    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{8,64}$")]
    site: str | None = None
    window: str | None = None

    def content(self) -> dict[str, Any]:
        """What was sent, and the version."""
        return {"v": self.v, **self.model_dump(exclude_unset=True)}


class SessionBody(MessageBody):
    """A terminal's `session` message, said by a queue or business system.

    `window`, or the `device_id` of a terminal, says where; other fields are those of
    the protocol, and judged as if a terminal had sent them.
    """

    device_id: str | None = None


class RatingBody(MessageBody):
    """A terminal's `rating` message, with its other fields as the protocol has them.

    What they hold is judged by the fold, as if a terminal had sent it.
    """

    medium: Annotated[
        str, Field(description="terminal, qr, web, sms, phone, email, social, staff")
    ] = "web"
