"""Business backends: CloudEvents as signed webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from gateway.clock import Clock
from gateway.events import CloudEvents
from gateway.ports import (
    Answer,
    Event,
    Order,
    RatingEvent,
    Receipt,
    Unit,
    Verdict,
)
from gateway.sinks.addresses import AddressRefusedError, AddressRule, CheckedResolver
from gateway.sinks.answers import answer, failed
from gateway.sinks.http import ASKING_ERRORS, HttpClient
from gateway.sinks.signing import Signer, webhook_id

_BATCH: Final = "application/cloudevents-batch+json; charset=utf-8"
_SINGLE: Final = "application/cloudevents+json; charset=utf-8"
UNQUOTED: Final = "not quoted: it may repeat what a customer said"
_MARGIN: Final = 0.95  # of the bytes that fit, when a batch is cut by its size


@dataclass(frozen=True)
class BackendOptions:
    """One endpoint; `secrets` are one, or two while rotating."""

    url: str
    secrets: tuple[str, ...]
    rule: AddressRule
    single: bool = False
    body_bytes_max: int = 1_048_576
    timeout_s: float = 10.0


class BackendSink:
    """Sends events in order, as batches or one by one."""

    def __init__(
        self, options: BackendOptions, cloud_events: CloudEvents, clock: Clock
    ) -> None:
        self._options = options
        self._cloud_events = cloud_events
        self._clock = clock
        self._signer = Signer(options.secrets)
        self._refused = _refused(options)
        self._client = HttpClient(options.timeout_s, CheckedResolver(options.rule))

    async def send(self, units: Sequence[Unit]) -> Answer:
        ids, body = self._single(units) if self._options.single else self._batch(units)
        count = len(ids)
        if len(body) > self._options.body_bytes_max:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
            return Answer(
                Verdict.REFUSED, count, status, "larger than a request may be"
            )
        if self._refused is not None:
            return Answer(Verdict.OPERATOR, count, detail=self._refused)
        try:
            reply = await self._client.post(
                self._options.url, body, self._headers(ids, body)
            )
        except AddressRefusedError as error:
            return Answer(Verdict.OPERATOR, count, detail=str(error))
        except ASKING_ERRORS as error:
            return failed(error, count)
        found = answer(reply, count, self._clock.wall_ms())
        if found.detail and any(_is_personal(unit) for unit in units[:count]):
            return replace(found, detail=UNQUOTED)
        return found

    async def close(self) -> None:
        await self._client.close()

    def _headers(self, ids: list[str], body: bytes) -> dict[str, str]:
        single = self._options.single
        name = webhook_id("evt" if single else "bat", ids)
        headers = self._signer.headers(name, self._clock.wall_ms() // 1000, body)
        headers["Content-Type"] = _SINGLE if single else _BATCH
        return headers

    def _single(self, units: Sequence[Unit]) -> tuple[list[str], bytes]:
        unit = units[0]
        assert not isinstance(unit, Receipt | Order), "these go to terminals"
        event = self._cloud_events.wrap(unit)
        return [event.id], self._cloud_events.encode(event)

    def _batch(self, units: Sequence[Unit]) -> tuple[list[str], bytes]:
        """As many of the first events as one body may hold, at least one."""
        wrap = self._cloud_events.wrap
        # The usual first: of structs, to be none of a class takes ten times as long.
        events = [
            wrap(unit)
            for unit in units
            if isinstance(unit, RatingEvent) or not isinstance(unit, Receipt | Order)
        ]
        body = self._cloud_events.encode(events)
        while len(body) > self._options.body_bytes_max and len(events) > 1:
            share = self._options.body_bytes_max / len(body) * _MARGIN
            del events[max(1, int(len(events) * share)) :]
            body = self._cloud_events.encode(events)
        return [event.id for event in events], body


def _is_personal(unit: Unit) -> bool:
    return isinstance(unit, Event) and unit.personal is not None


def _refused(options: BackendOptions) -> str | None:
    """Why the address in the URL may not be reached; names wait for resolution."""
    try:
        options.rule.check(urlsplit(options.url).hostname or "")
    except AddressRefusedError as error:
        return str(error)
    return None
