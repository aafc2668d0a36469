"""Notices through the dispatcher: both channels, kills, letters, nobody blocked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import jsonschema_rs
import pytest

from gateway.clock import SystemClock
from gateway.events import CloudEvents
from gateway.events.registry import NOTICES
from gateway.sinks.addresses import AddressRule
from gateway.sinks.backend import BackendOptions, BackendSink
from gateway.sinks.email import EmailOptions, EmailSink
from gateway.sinks.smtp import Mailbox
from simulators.pretend.backend import PretendBackend, read_log
from simulators.pretend.smtp import PretendSmtp
from tests.support.delivering import delivering, outlet, quick_limits, since
from tests.support.notices import notice, row
from tests.support.outbox import MemoryOutbox

SECRET = "whsec_" + "c2VjcmV0" * 4
ONE = quick_limits(1)


@pytest.fixture
async def mail() -> AsyncIterator[PretendSmtp]:
    async with PretendSmtp() as server:
        yield server


@pytest.fixture
async def hook(tmp_path: Path) -> AsyncIterator[PretendBackend]:
    async with PretendBackend(tmp_path / "hook.log", secrets=[SECRET]) as server:
        yield server
    server.close()


@pytest.fixture
def outbox() -> MemoryOutbox:
    outbox = MemoryOutbox()
    outbox.apply(since("anna", "email", "anna"), since("pager", "webhook", "pager"))
    return outbox


def email(mail: PretendSmtp) -> EmailSink:
    box = Mailbox("127.0.0.1", mail.port, "none", None)
    return EmailSink(EmailOptions(box, "e@x.org", ("anna@x.org",), "hall-1", 1.0))


def webhook(hook: PretendBackend) -> BackendSink:
    options = BackendOptions(
        f"{hook.url}/pager", (SECRET,), AddressRule(private=True), single=True
    )
    events = CloudEvents("hall-1", lambda _: None)
    return BackendSink(options, events, SystemClock())


async def test_each_recipient_gets_what_is_addressed_to_it_and_nothing_else(
    tmp_path: Path, outbox: MemoryOutbox, mail: PretendSmtp, hook: PretendBackend
) -> None:
    outlets = [outlet("anna", email(mail), ONE), outlet("pager", webhook(hook), ONE)]
    async with delivering(tmp_path, outbox, *outlets) as running:
        running.add(row(1, notice(1), notice(2, "pager"), notice(3)))
        anna, pager = await running.settled("anna"), await running.settled("pager")
    assert (anna.delivered, pager.delivered) == (2, 1)
    subjects = [taken.message["Subject"] for taken in mail.taken]
    assert subjects == ["[warning] dev-1 is offline", "[warning] dev-3 is offline"]
    (line,) = read_log(tmp_path / "hook.log")
    assert (line.signature, line.path) == ("ok", "/pager")
    event = json.loads(line.body)
    jsonschema_rs.validator_for(dict(NOTICES["notice.sent"].schema)).validate(event)


async def test_a_mail_server_that_is_away_delays_nobody_else_and_loses_nothing(
    tmp_path: Path, outbox: MemoryOutbox, mail: PretendSmtp, hook: PretendBackend
) -> None:
    outlets = [outlet("anna", email(mail), ONE), outlet("pager", webhook(hook), ONE)]
    mail.refusals["CONNECT"] = "421 busy"
    async with delivering(tmp_path, outbox, *outlets) as running:
        running.add(row(1, notice(1), notice(2, "pager")))
        await running.settled("pager")
        assert mail.taken == []
        mail.refusals.clear()
        assert (await running.settled("anna")).delivered == 1


async def test_after_a_restart_nobody_is_told_twice(
    tmp_path: Path, outbox: MemoryOutbox, mail: PretendSmtp
) -> None:
    for block in (1, 2):
        outlets = [outlet("anna", email(mail), ONE)]
        async with delivering(tmp_path, outbox, *outlets) as running:
            running.add(row(block, notice(block)))
            await running.settled("anna")
    names = [taken.message["X-Evalgate-Notice"] for taken in mail.taken]
    assert len(names) == len(set(names)) == 2


async def test_a_letter_that_the_server_refuses_is_kept_with_the_answer(
    tmp_path: Path, outbox: MemoryOutbox, mail: PretendSmtp
) -> None:
    mail.refusals["."] = "554 looks like spam"
    async with delivering(
        tmp_path, outbox, outlet("anna", email(mail), ONE)
    ) as running:
        running.add(row(1, notice(1)))
        assert (await running.settled("anna")).dead == 1
        (letter,) = running.letters("anna")
        assert (letter.status, letter.answer) == (554, "554 looks like spam")
        mail.refusals.clear()
        running.control("deadletters_replayed", sink="anna")
        await running.until(lambda: len(mail.taken) == 1)
        await running.until(lambda: running.sink("anna").dead == 0)


async def test_a_letter_whose_answer_was_lost_comes_twice_under_one_name(
    tmp_path: Path, outbox: MemoryOutbox, mail: PretendSmtp
) -> None:
    """The connection breaks after the letter: doubled, never lost."""
    mail.silent = True
    async with delivering(
        tmp_path, outbox, outlet("anna", email(mail), ONE)
    ) as running:
        running.add(row(1, notice(1)))
        await running.until(lambda: len(mail.taken) == 1)
        assert running.sink("anna").delivered == 0
        mail.silent = False
        assert (await running.settled("anna")).delivered == 1
    names = [taken.message["Message-ID"] for taken in mail.taken]
    assert len(names) >= 2
    assert len(set(names)) == 1
