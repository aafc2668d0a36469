"""Whether what a fold tells of terminals and alerts is as the published schemas say."""

import json
from functools import cache

import jsonschema_rs

from gateway.events import EVENTS, CloudEvents
from gateway.events.fleet import FLEET
from gateway.ports import Event, OutboxRow

_MADE = CloudEvents("hall", lambda _: None)


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(EVENTS[name].schema), validate_formats=True
    )


def check(row: OutboxRow) -> list[str]:
    """The names of those events of a row that have exact schemas.

    Raises:
        jsonschema_rs.ValidationError: one of them is otherwise.

    """
    told = [
        event
        for event in row.events
        if isinstance(event, Event) and event.type in FLEET
    ]
    for event in told:
        sent = json.loads(_MADE.encode(_MADE.wrap(event)))
        _validator(event.type).validate(sent)
    return [event.type for event in told]
