"""The role `ingest` as a test starts it: a journal, a broker, a directory."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from gateway.clock import SystemClock
from gateway.ingress.role import IngestOptions, run_ingest
from gateway.mqtt import MqttLink
from gateway.ports import Journal, LinkListener
from tests.support.listening import link_options

DIGEST = "digest-of-the-test"


def ingest_options(directory: Path, **changes: object) -> IngestOptions:
    """Options for `directory`; its settings count as folded."""
    run_dir = directory / "run"
    run_dir.mkdir(exist_ok=True)
    (run_dir / "applied.digest").write_text(DIGEST, "ascii")
    options = IngestOptions(
        run_dir=run_dir,
        session_mark=directory / "session.mark",
        session_name="gw@broker",
        settings_digest=DIGEST,
        receive_max=2000,
        buffered_bytes_max=33_554_432,
        block_records_max=500,
        block_delay_ms_max=10,
    )
    return replace(options, **changes)  # type: ignore[arg-type] # any field


def link_to(port: int) -> Callable[[LinkListener], MqttLink]:
    return lambda listener: MqttLink(
        link_options(port), listener, SystemClock(), random.random
    )


@asynccontextmanager
async def ingesting(
    options: IngestOptions, journal: Journal, port: int
) -> AsyncIterator[None]:
    """The role at work; at the end it stops in good order."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        role = run_ingest(options, journal, link_to(port), stop, clock=SystemClock())
        group.create_task(role)
        try:
            yield
        finally:
            stop.set()
