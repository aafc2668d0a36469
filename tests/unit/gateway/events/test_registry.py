"""Schemas say what the encoder writes."""

import json
from typing import Any

import jsonschema_rs
import pytest

from fleet.alerts import AlertState
from fleet.escalation import SEVERITIES
from fleet.health import RULES
from fleet.watching import Presence, Sign
from gateway.events import EVENTS, CloudEvents, fleet
from gateway.events.fleet import FLEET
from gateway.processing.alerting.alerts import TEXT_CHARS_MAX
from tests.support.events import other_event, rating_event


@pytest.mark.parametrize("name", EVENTS)
def test_every_schema_is_json_and_fixes_its_type(name: str) -> None:
    schema = json.loads(json.dumps(EVENTS[name].schema))
    assert schema["properties"]["type"] == {"const": f"evalgate.{name}.v1"}
    assert "version" in schema["properties"]["data"]["required"]
    assert EVENTS[name].about.endswith(".")


@pytest.mark.parametrize(
    "event",
    [
        rating_event(1),
        rating_event(2, type="rating.defaulted", level_raw=None, session_id=None),
        rating_event(3, type="rating.amended", items=(("speed", 4),), stage=1),
        other_event(4),
        other_event(5, type="session.closed", data=b"{}"),
    ],
    ids=lambda event: event.type,
)
def test_what_is_sent_is_as_its_schema_says(event: Any) -> None:  # noqa: ANN401 -- either shape
    made = CloudEvents("hall-1", lambda _: None)
    schema = jsonschema_rs.validator_for(dict(EVENTS[event.type].schema))
    schema.validate(json.loads(made.encode(made.wrap(event))))


@pytest.mark.parametrize("name", FLEET)
def test_events_about_terminals_and_alerts_hold_what_their_schema_says_and_no_more(
    name: str,
) -> None:
    data = EVENTS[name].schema["properties"]["data"]
    assert data["additionalProperties"] is False
    assert EVENTS[name].schema["additionalProperties"] is False
    assert set(data["properties"]) >= set(data["required"]) > {"version"}


def test_their_vocabularies_are_those_of_the_rules() -> None:
    assert tuple(Presence) == fleet.PRESENCES
    assert tuple(Sign) == fleet.SIGNS
    assert set(fleet.REASONS) == {rule.code for rule in RULES}
    assert fleet.SEVERITIES == SEVERITIES
    assert tuple(AlertState) == fleet.STATES
    assert fleet.TEXT_CHARS_MAX == TEXT_CHARS_MAX
