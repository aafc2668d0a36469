"""Acts of operators and business systems: records that ask for a change.

An act's record has the name as topic and one of these as payload, a JSON object. The
fold settles it with an outcome, a JSON object too: what it changed, or
`{"error": code, "detail": sentence}`. An act whose idempotency key the ledger knows
from the same author changes nothing: a key lasts a day, and of too many keys the oldest
are forgotten.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec

from fleet.inspections.plans import Plan, Work
from fleet.inspections.records import Mark, Outcome
from gateway.ratings.sampling import Finding

SINK_COUNTS: Final = "sink_counts"
"""The control that asks for counts, and the act that answers it."""

ItemId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""The number of a row in a store."""


KEY_LIFE_MS: Final = 24 * 3_600_000
KEYS_MAX: Final = 10_000
KEY_REUSED: Final = "idempotency_key_reused"
REQUEST: Final = "request"
"""What an outcome calls the digest of a request that came with a key."""


class ActName(StrEnum):
    DEVICE_APPROVED = "device_approved"
    DEVICE_REFUSED = "device_refused"
    DEVICE_RETIRED = "device_retired"
    DEVICE_MAINTENANCE = "device_maintenance"
    DEVICE_PUT = "device_put"
    DEVICES_IMPORTED = "devices_imported"
    REGISTRY_PUT = "registry_put"
    INSPECTION_PLAN_PUT = "inspection_plan_put"
    INSPECTION_RECORDED = "inspection_recorded"
    PRESS_TEST_STARTED = "press_test_started"
    COMMAND_ASKED = "command_asked"
    SETTINGS_PUT = "device_settings_put"
    ALERT_CONFIRMED = "alert_confirmed"
    ALERT_SNOOZED = "alert_snoozed"
    ALERT_RESOLVED = "alert_resolved"
    WINDOW_OPENED = "maintenance_window_opened"
    WINDOW_ENDED = "maintenance_window_ended"
    QUARANTINE_REPLAYED = "quarantine_replayed"
    QUARANTINE_PURGED = "quarantine_purged"
    RATING_SUBMITTED = "rating_submitted"
    RATING_VOIDED = "rating_voided"
    RATING_ERASED = "rating_erased"
    RATING_DISPUTED = "rating_disputed"
    DISPUTE_DECIDED = "dispute_decided"
    FOLLOWUP_STEP_TAKEN = "followup_step_taken"
    COMPLAINT_STEP_TAKEN = "complaint_step_taken"
    SESSIONS_SUBMITTED = "sessions_submitted"
    CONTACT_READ = "contact_read"
    DEADLETTERS_REPLAYED = "deadletters_replayed"
    DEADLETTERS_PURGED = "deadletters_purged"
    SINK_ENABLED = "sink_enabled"
    RANGE_REPLAYED = "range_replayed"
    CLOCK_ACCEPTED = "clock_accepted"
    TOKENS_APPLIED = "tokens_applied"
    USERS_APPLIED = "users_applied"
    LOGGED_IN = "logged_in"
    MONTH_SEALED = "month_sealed"
    SAMPLE_DRAWN = "sample_drawn"
    SAMPLE_FINDINGS = "sample_findings"
    SPOT_CHECKS_DRAWN = "spot_checks_drawn"
    MAINTENANCE_SEALED = "maintenance_month_sealed"


NOBODY: Final = "local"
"""The author while no token exists: whoever is on this machine, not one person."""


class Act(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who asks; a repeat under the same key is harmless."""

    author: str
    idempotency_key: str | None = None

    def payload(self) -> bytes:
        return msgspec.json.encode(self)


def digest_of(name: str, payload: bytes) -> str:
    """Tells whether an act under the same key asks for the same."""
    return hashlib.sha256(name.encode() + b"\0" + payload).hexdigest()


Row = Mapping[str, str | None]
"""A row of the registry, by its columns."""


class DeviceAct(Act):
    """`device_*`: approved makes a device active, from pending or maintenance.

    `site` and `window` say where it stands; None leaves them as they are.
    """

    device_id: str
    reason: str | None = None
    site: str | None = None
    window: str | None = None


class QuarantineAct(Act):
    """`quarantine_*`: items by their ids, or all that wait of a reason."""

    ids: list[ItemId] | None = None
    reason: str | None = None


class RatingVoidAct(Act):
    """`rating_voided`: with the rating in effect go all versions of it."""

    rating_id: str
    reason: str


class RatingEraseAct(Act):
    """`rating_erased`: what a rating, or a complaint, says about a person goes."""

    rating_id: str
    reason: str


class DisputeAct(Act):
    """`rating_disputed`: by an employee it is credited to; None: on their behalf."""

    rating_id: str
    reason: str
    employee_id: str | None = None


class DecisionAct(Act):
    """`dispute_decided`: the author must be somebody else."""

    rating_id: str
    outcome: Literal["kept", "voided"]
    reason: str


class StepAct(Act):
    """`*_step_taken`: `subject` is a rating_id, or a complaint's id."""

    subject: str
    step: Literal["contacted", "fixed", "confirmed"]
    note: str | None = None


class SessionsSubmittedAct(Act):
    """`sessions_submitted`: the next records are session events under a key."""

    event_ids: list[str]
    content: str
    """The SHA-256 of their payloads, joined by line feeds, in hexadecimal."""


class DeadLettersAct(Act):
    """`deadletters_*`: letters by their ids, or all of a sink."""

    ids: list[ItemId] | None = None
    sink: str | None = None


class SinkAct(Act):
    """`sink_enabled`: an endpoint that answered 410 may be tried again."""

    sink: str


class RangeAct(Act):
    """`range_replayed`: what happened in [from_ms, to_ms) is sent to a sink again."""

    sink: str
    from_ms: int
    to_ms: int


class SinkCount(msgspec.Struct, frozen=True):
    """Of all that was addressed to a sink up to a day's end, what became of it."""

    name: str
    delivered: int
    dead: int
    owed: int


class SinkCountsAct(msgspec.Struct, frozen=True):
    """`sink_counts`: the lanes' own counts; `day` is an ordinal."""

    day: int
    sinks: list[SinkCount]


CANARIES_ARRIVED: Final = "canaries_arrived"


class CanaryArrival(msgspec.Struct, frozen=True):
    """A sink took the press that the ghost `device_id` made then."""

    sink: str
    device_id: str
    pressed_ms: int
    arrived_ms: int


class CanariesArrivedAct(msgspec.Struct, frozen=True):
    """`canaries_arrived`: the newest of each ghost and sink."""

    arrivals: list[CanaryArrival]


class CountSinks(msgspec.Struct, frozen=True):
    """A control: so much had the ledger addressed to each sink at a day's end."""

    day: int
    addressed: dict[str, int]


class DevicePutAct(Act):
    """`device_put`: a row of `devices`; None clears a column, what is absent stays."""

    device: Row


class RowRefused(msgspec.Struct):
    """A row that cannot be applied; `line` counts from 1, the header included."""

    line: int
    detail: str


class DevicesImportAct(Act):
    """`devices_imported`: rows of `devices` with their lines, and what was no row."""

    rows: list[Row]
    lines: list[int]
    refused: list[RowRefused] = []


class RegistryPutAct(Act):
    """`registry_put`: rows of another table at one of `revisions`; all, or none."""

    table: str
    rows: list[Row]
    revisions: list[int] | None = None
    subtree: str | None = None  # the revisions are of its rows; None: of all


class InspectionPlansAct(Act):
    """`inspection_plan_put`, at one of `revisions` of all plans; others stay."""

    plans: list[Plan]
    revisions: list[int] | None = None
    subtree: str | None = None  # the revisions are of its rows; None: of all


class InspectionAct(Act):
    """`inspection_recorded`: what was done at a device.

    Without `finished_ms` it was finished when the record came, without `started_ms` it
    took no time.
    """

    device_id: str
    operator: str
    type: Work = "inspection"
    plan_id: str | None = None
    started_ms: int | None = None
    finished_ms: int | None = None
    checklist: dict[str, Mark] = {}
    parts: dict[str, int] = {}
    result: Outcome = "ok"
    notes: str = ""


class PressTestAct(Act):
    """`press_test_started`: somebody is about to press every key of a device."""

    device_id: str
    timeout_s: int = 120


class AlertAct(Act):
    """`alert_*`: seen by a person, put aside until a time, or resolved."""

    alert_id: ItemId
    until_ms: int | None = None
    reason: str | None = None


class WindowAct(Act):
    """`maintenance_window_opened`: of a device, or of a site with those below it.

    Without `from_ms` it begins when the record came.
    """

    until_ms: int
    device_id: str | None = None
    site: str | None = None
    from_ms: int | None = None
    reason: str | None = None


class WindowEndAct(Act):
    """`maintenance_window_ended`: sooner than it said."""

    window_id: ItemId


class RatingSubmittedAct(Act):
    """`rating_submitted`: the next record is a rating over HTTP under a key."""

    rating_id: str
    content: str
    """The SHA-256 of that record's payload, in hexadecimal."""


class ContactReadAct(Act):
    """`contact_read`: somebody was shown what a rating says about a person."""

    rating_id: str


class MonthSealAct(Act):
    """`month_sealed`: a month that is over, such as `2026-11`; None is all sites."""

    month: str
    site: str | None = None


class SampleDrawAct(Act):
    """`sample_drawn`: what is to be inspected; `site` is that of who drew it."""

    volume: int
    unrated_share: str
    seed: str
    rated: list[str]
    unrated: list[str]
    rated_shortfall: int
    unrated_shortfall: int
    filter: dict[str, str] = {}
    site: str | None = None


class SampleFindingsAct(Act):
    """`sample_findings`: what an inspector found of members of a sample."""

    sample_id: str
    findings: list[Finding]


class SpotChecksAct(Act):
    """`spot_checks_drawn`: `count` devices, or a `share` of them, such as `0.05`.

    Of those in service, at a `site` and below it, of a `model`.
    """

    seed: str
    count: int | None = None
    share: str | None = None
    per_site_max: int | None = None
    site: str | None = None
    model: str | None = None
    within_days: int = 14


class MaintenanceSealAct(Act):
    """`maintenance_month_sealed`: as `month_sealed`, of what was done to devices."""

    month: str
    site: str | None = None


class TokensAct(Act):
    """`tokens_applied`: who may use the API from now on; no token and no digest."""

    tokens: list[dict[str, Any]]


class UsersAct(Act):
    """`users_applied`: who may log in from now on; no password and no hash."""

    users: list[dict[str, Any]]


class LoggedInAct(Act):
    """`logged_in`: the author did, in this role, from this address."""

    role: str
    address: str
