"""The one registry of events: their names, schemas, addressees and wire form."""

from gateway.events.addressing import (
    Address,
    describe_unit,
    matches,
    partition_of,
    subject_of,
    time_of,
)
from gateway.events.cloudevents import CloudEvents, cloud_id, full_type, rfc3339
from gateway.events.registry import EVENTS, RATING_EVENTS, EventType
from gateway.events.terms import Terms

__all__ = [
    "EVENTS",
    "RATING_EVENTS",
    "Address",
    "CloudEvents",
    "EventType",
    "Terms",
    "cloud_id",
    "describe_unit",
    "full_type",
    "matches",
    "partition_of",
    "rfc3339",
    "subject_of",
    "time_of",
]
