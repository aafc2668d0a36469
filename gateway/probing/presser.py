"""Presses for every ghost, again and again, as a terminal would.

Each round is a connection of its own, under the account of the probe, so that it tries
the broker's door, too. Nothing is received, and nothing is kept: what becomes of a
press is judged by the fold, which misses those that do not come.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import aiomqtt
import msgspec
import structlog

from device_protocol.topics import Channel, topic
from gateway.clock import Clock
from gateway.errors import TransientError

log = structlog.get_logger("canary")

_RETRY_S: Final = 10.0
_NO_GHOST_S: Final = 2.0
"""Until the fold has said which ghosts there are: soon after a start."""

_PRESSES_AT_ONCE: Final = 20  # aiomqtt warns of more calls that are under way


@dataclass(frozen=True)
class PresserOptions:
    """Where and as whom; `timeout_s` is for each step of a round."""

    host: str
    port: int
    client_id: str
    username: str | None
    password: str | None
    root: str
    every_s: float
    timeout_s: float
    tls: ssl.SSLContext | None = None


class Presser:
    """`ghosts` asks for their device ids; it may block, and runs in a thread."""

    def __init__(
        self, options: PresserOptions, ghosts: Callable[[], Sequence[str]], clock: Clock
    ) -> None:
        self._options = options
        self._ghosts = ghosts
        self._clock = clock
        self._failing = False

    async def run(self) -> None:
        """Press until cancelled; the world's faults are told and outlived."""
        while True:
            pause_s = await self.round()
            await asyncio.sleep(pause_s)

    async def round(self) -> float:
        """Press once for each ghost; in how many seconds to do so again."""
        every_s = self._options.every_s
        try:
            ghosts = await asyncio.to_thread(self._ghosts)
        except TransientError:  # the ledger of a first start is not there yet
            ghosts = ()
        if not ghosts:
            return min(every_s, _NO_GHOST_S)
        try:
            async with self._client() as client:
                await self._press(client, ghosts)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            if not self._failing:
                log.warning("canary_not_sent", error=str(error) or "no answer in time")
            self._failing = True
            return min(every_s, _RETRY_S)
        if self._failing:
            log.info("canary_sent_again", ghosts=len(ghosts))
        self._failing = False
        return every_s

    async def _press(self, client: aiomqtt.Client, ghosts: Sequence[str]) -> None:
        for first in range(0, len(ghosts), _PRESSES_AT_ONCE):
            some = ghosts[first : first + _PRESSES_AT_ONCE]
            pressed = [self._press_for(client, ghost) for ghost in some]
            for failure in await asyncio.gather(*pressed, return_exceptions=True):
                if failure is not None:
                    raise failure

    async def _press_for(self, client: aiomqtt.Client, ghost: str) -> None:
        name = topic(self._options.root, ghost, Channel.RATING)
        await client.publish(name, press(self._clock.wall_ms()), qos=1)

    def _client(self) -> aiomqtt.Client:
        options = self._options
        return aiomqtt.Client(
            options.host,
            options.port,
            identifier=options.client_id,
            username=options.username,
            password=options.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=options.tls,
            timeout=options.timeout_s,
        )


def press(now_ms: int) -> bytes:
    """A rating that counts nowhere: made now, in mode `test`."""
    event_id = f"{now_ms:013d}-{secrets.token_hex(6)}"
    body = {"v": 1, "event_id": event_id, "level": 5, "mode": "test"}
    return msgspec.json.encode({**body, "occurred_at": now_ms})
