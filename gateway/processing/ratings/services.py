"""Session events: what terminals and queue systems say of a service."""

from typing import cast

from device_protocol.identity import rating_id as identity
from device_protocol.messages import Session
from gateway.ledger.devices import Device
from gateway.ports import Record, RecordKind
from gateway.processing.ratings.bindings import over_http, site_of
from gateway.processing.ratings.changing import Changing
from gateway.processing.state import State
from gateway.processing.timed import Timed
from gateway.ratings.facts import Action, SessionEvent, Source


class Services:
    """Gives each event to the session that it belongs to."""

    def __init__(self, state: State, changing: Changing) -> None:
        self._state = state
        self._changing = changing

    def take(self, timed: Timed) -> str | None:
        """Answers the rule that ignores the event, if any."""
        place, device, message, record, occurred_ms, _ = timed
        told = cast("Session", message)
        if told.mode != "live":
            return None
        served_at, window, site, source = self._where(device, record)
        event = SessionEvent(
            event_id=identity(device.device_id, told.event_id),
            action=cast("Action", told.action),
            occurred_ms=occurred_ms,
            device_id=served_at.device_id,
            source=source,
            window=window,
            employee_id=told.employee_id,
            service_code=told.service_code,
            reason=told.reason,
            heard_ms=self._state.now_ms,
        )
        scope = (site or "", told.session_id, told.stage or 0)
        return self._changing.take_event(scope, place, event)

    def _where(
        self, device: Device, record: Record
    ) -> tuple[Device, str | None, str | None, Source]:
        """The terminal, window and site that an event speaks of, and who says it."""
        if record.kind != RecordKind.HTTP:
            return device, device.window, device.site, "terminal"
        extra = over_http(record.payload)
        named = self._state.by_id.get(extra.device_id or "")
        site, window = site_of(self._state, record), extra.window
        if named is not None:
            return named, window or named.window, site or named.site, "http"
        return device, window, site, "http"
