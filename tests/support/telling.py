"""A dispatcher that tells one recipient, as a process that can be killed."""

import asyncio
import importlib
import multiprocessing
import os
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from gateway import crashpoints
from gateway.clock import SystemClock
from gateway.events import CloudEvents
from gateway.ports import Sink
from gateway.sinks.addresses import AddressRule
from gateway.sinks.backend import BackendOptions, BackendSink
from gateway.sinks.email import EmailOptions, EmailSink
from gateway.sinks.smtp import Mailbox
from tests.support.delivering import delivering, outlet, quick_limits, since
from tests.support.notices import notice, row
from tests.support.outbox import MemoryOutbox

SECRET: Final = "whsec_" + "c2VjcmV0" * 4
READER: Final = "anna"
_TIMEOUT_S: Final = 20.0


def email(port: int) -> EmailSink:
    box = Mailbox("127.0.0.1", port, "none", None)
    return EmailSink(EmailOptions(box, "e@x.org", ("a@x.org",), "hall", _TIMEOUT_S))


def webhook(url: str) -> BackendSink:
    options = BackendOptions(
        url, (SECRET,), AddressRule(private=True), single=True, timeout_s=_TIMEOUT_S
    )
    return BackendSink(options, CloudEvents("hall", lambda _: None), SystemClock())


async def tell(directory: Path, channel: str, sink: Sink, notices: int) -> None:
    """Until the recipient is owed nothing of so many notices."""
    outbox = MemoryOutbox()
    outbox.apply(since(READER, channel, READER))
    rows = [row(number, notice(number)) for number in range(1, notices + 1)]
    limits = quick_limits(1)
    async with delivering(directory, outbox, outlet(READER, sink, limits)) as running:
        running.add(*rows)
        await running.settled(READER)


def life(
    directory: Path, channel: str, address: str, notices: int, crash: str = ""
) -> BaseProcess:
    """Start a process that tells until the recipient is owed nothing, or to `crash`.

    `address` is the mail server's port or the webhook's URL. All lives are forked from
    one server that has imported what they need: a second of CPU each is saved.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    child = context.Process(
        target=_live, args=(directory, channel, address, notices, crash), daemon=True
    )
    child.start()
    return child


def _live(
    directory: Path, channel: str, address: str, notices: int, crash: str
) -> None:
    os.environ[crashpoints.VARIABLE] = crash
    importlib.reload(crashpoints)  # read the environment as a new program does
    sink: Sink = email(int(address)) if channel == "email" else webhook(address)
    asyncio.run(tell(directory, channel, sink, notices))
