"""Acts of operators and business systems: records that ask for a change.

An act's record has the name as topic and one of these as payload, a JSON object. The
fold settles it with an outcome, a JSON object too: what it changed, or
`{"error": code, "detail": sentence}`. An act whose idempotency key the ledger knows
from the same author changes nothing.
"""

from enum import StrEnum
from typing import Annotated

import msgspec

ItemId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""The number of a row in a store."""


class ActName(StrEnum):
    DEVICE_APPROVED = "device_approved"
    DEVICE_REFUSED = "device_refused"
    DEVICE_RETIRED = "device_retired"
    DEVICE_MAINTENANCE = "device_maintenance"
    QUARANTINE_REPLAYED = "quarantine_replayed"
    QUARANTINE_PURGED = "quarantine_purged"
    RATING_VOIDED = "rating_voided"
    DEADLETTERS_REPLAYED = "deadletters_replayed"
    DEADLETTERS_PURGED = "deadletters_purged"
    SINK_ENABLED = "sink_enabled"
    CLOCK_ACCEPTED = "clock_accepted"


class Act(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Who asks; a repeat under the same key is harmless."""

    author: str
    idempotency_key: str | None = None

    def payload(self) -> bytes:
        return msgspec.json.encode(self)


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


class DeadLettersAct(Act):
    """`deadletters_*`: letters by their ids, or all of a sink."""

    ids: list[ItemId] | None = None
    sink: str | None = None


class SinkAct(Act):
    """`sink_enabled`: an endpoint that answered 410 may be tried again."""

    sink: str
