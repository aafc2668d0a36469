"""E-mail: what is said to a mail server, and what becomes of its answers."""

import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from gateway.ports import Answer, Event, Verdict
from gateway.sinks.email import EmailOptions, EmailSink
from gateway.sinks.smtp import Mailbox
from simulators.pretend.smtp import PretendSmtp
from tests.support.broker import make_certificates
from tests.support.notices import notice

SENDER = "evalgate@example.org"
PLAIN: Final = {"security": "none", "tls": None, "host": "localhost"}
TO = ("anna@example.org", "bert@example.org")


@pytest.fixture
async def server() -> AsyncIterator[PretendSmtp]:
    async with PretendSmtp() as server:
        yield server


def sink(
    server: PretendSmtp, mailbox: Mapping[str, object] = PLAIN, timeout_s: float = 5.0
) -> EmailSink:
    box = Mailbox(port=server.port, **{**PLAIN, **mailbox})  # type: ignore[arg-type] # a test's own choice
    return EmailSink(EmailOptions(box, SENDER, TO, "hall-1", timeout_s))


async def sent(server: PretendSmtp, event: Event | None = None) -> Answer:
    return await sink(server).send([event or notice(1)])


async def test_a_notice_is_a_letter_that_a_person_understands(
    server: PretendSmtp,
) -> None:
    answer = await sent(server)
    assert (answer.verdict, answer.count, answer.status) == (Verdict.DELIVERED, 1, 250)
    (taken,) = server.taken
    assert (taken.sender, taken.recipients) == (SENDER, TO)
    assert taken.message["Subject"] == "[warning] dev-1 is offline"
    text = taken.message.get_content()
    assert "alert 1 (offline), device dev-1, site hall" in text
    assert "evalgate alerts confirm 1" in text


async def test_a_letter_that_is_sent_again_has_the_same_name(
    server: PretendSmtp,
) -> None:
    for number in (1, 1, 2):
        await sent(server, notice(number))
    names = [taken.message["Message-ID"] for taken in server.taken]
    assert names[0] == names[1] != names[2]


async def test_text_of_a_terminal_cannot_write_headers(server: PretendSmtp) -> None:
    text = "全部离线\r\nBcc: x@example.org\r\n.\r\n"
    alert = {"alert_id": 1, "cause": "c", "severity": "critical", "text": text}
    await sent(server, notice(1, alerts=[{**alert, "opened_at": "now"}]))
    (taken,) = server.taken
    assert taken.message["Bcc"] is None
    assert taken.message["Subject"] == "[critical] 全部离线 Bcc: x@example.org ."
    assert "全部离线" in taken.message.get_content()


@pytest.mark.parametrize(
    ("step", "reply", "verdict"),
    [
        ("CONNECT", "421 busy", Verdict.RETRY),
        ("CONNECT", "554 go away", Verdict.OPERATOR),
        ("EHLO", "502 no", Verdict.OPERATOR),
        ("MAIL", "451 later", Verdict.RETRY),
        ("MAIL", "553 not you", Verdict.OPERATOR),
        ("RCPT", "450 grey", Verdict.RETRY),
        ("RCPT", "550 nobody here", Verdict.OPERATOR),
        ("DATA", "452 full", Verdict.RETRY),
        (".", "451 later", Verdict.RETRY),
        (".", "554 this is spam", Verdict.REFUSED),
        ("EHLO", "what?", Verdict.RETRY),
    ],
)
async def test_what_an_answer_means(
    server: PretendSmtp, step: str, reply: str, verdict: Verdict
) -> None:
    server.refusals[step] = reply
    answer = await sent(server)
    assert answer.verdict is verdict
    assert reply[4:] in answer.detail or answer.status is None
    assert server.taken == []


async def test_one_reader_who_moved_away_keeps_it_from_nobody(
    server: PretendSmtp,
) -> None:
    server.refusals[TO[0]] = "550 moved"
    assert (await sent(server)).verdict is Verdict.DELIVERED
    assert server.taken[0].recipients == TO[1:]


async def test_a_server_that_never_answers_is_not_awaited(server: PretendSmtp) -> None:
    server.silent = True
    answer = await sink(server, timeout_s=0.2).send([notice(1)])
    assert (answer.verdict, answer.detail) == (Verdict.RETRY, "no answer in time")


async def test_no_server_is_the_worlds_fault(server: PretendSmtp) -> None:
    away = sink(server)
    await server.__aexit__(None, None, None)
    assert (await away.send([notice(1)])).verdict is Verdict.RETRY


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_login_goes_over_tls_and_a_wrong_one_is_an_operators_fault(
    tmp_path: Path, security: str
) -> None:
    ca, cert, key = authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    trusting = ssl.create_default_context(cafile=ca)
    at_once = security == "tls"
    accounts = {"anna": "secret"}
    async with PretendSmtp(context, at_once=at_once, accounts=accounts) as server:
        login = {"security": security, "username": "anna"}
        good = sink(server, {**login, "tls": trusting, "password": "secret"})
        bad = sink(server, {**login, "tls": trusting, "password": "guess"})
        distrusting = sink(server, {**login, "tls": ssl.create_default_context()})
        assert (await good.send([notice(1)])).verdict is Verdict.DELIVERED
        assert (server.taken[0].tls, server.taken[0].user) == (True, "anna")
        refused = await bad.send([notice(1)])
        assert (refused.verdict, refused.status) == (Verdict.OPERATOR, 535)
        unknown = await distrusting.send([notice(1)])
        assert (unknown.verdict, unknown.detail[:4]) == (Verdict.OPERATOR, "TLS:")


async def test_a_server_without_tls_gets_no_letter(server: PretendSmtp) -> None:
    answer = await sink(server, {"security": "starttls"}).send([notice(1)])
    assert answer.verdict is Verdict.OPERATOR
    assert server.taken == []


def authority(folder: Path) -> tuple[Path, Path, Path]:
    """A CA's certificate, and a certificate of localhost with its key."""
    made = make_certificates(folder)
    return made.ca, *made.server
