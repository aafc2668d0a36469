"""Each finding about those who are told of alerts, provoked on pretend services."""

import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.recipients import examine
from gateway.settings.recipients import Recipient
from simulators.pretend.backend import PretendBackend, read_log
from simulators.pretend.smtp import PretendSmtp
from simulators.processes import free_port
from tests.support.broker import make_certificates
from tests.support.findings import Findings, collected

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0"
FAIL, WARN = Level.FAIL, Level.WARN


@pytest.fixture
async def server() -> AsyncIterator[PretendSmtp]:
    async with PretendSmtp() as server:
        yield server


async def mail(port: int, **settings: object) -> Findings:
    values: dict[str, object] = {
        "name": "anna",
        "channel": "email",
        "to": ["anna@example.org", "bert@example.org"],
        "sender": "evalgate@example.org",
        "smtp_host": "localhost",
        "smtp_port": port,
        "smtp_security": "none",
        "request_timeout_s": 2,
    }
    return await collected(
        examine(Recipient.model_validate({**values, **settings}), "hall")
    )


async def test_a_mail_server_is_asked_and_no_letter_is_sent(
    server: PretendSmtp,
) -> None:
    findings = await mail(server.port)
    assert findings.troubles() == {}
    assert "2 readers; no letter was sent" in findings["mail"].detail
    assert server.taken == []


@pytest.mark.parametrize(
    ("step", "reply", "found", "words"),
    [
        ("CONNECT", "421 busy", ("mail", WARN), "come back later"),
        ("CONNECT", "554 go away", ("mail", FAIL), "let this machine in"),
        ("EHLO", "502 no", ("mail", FAIL), "let this machine in"),
        ("MAIL", "553 not you", ("mail", FAIL), "take the sender"),
        ("RCPT", "550 nobody here", ("reader", FAIL), "correct it in `to`"),
        ("anna@example.org", "550 moved", ("reader", WARN), "correct it in `to`"),
        ("EHLO", "what?", ("reach", FAIL), "right smtp_port"),
    ],
)
async def test_each_refusal_says_what_to_do(
    server: PretendSmtp, step: str, reply: str, found: tuple[str, Level], words: str
) -> None:
    server.refusals[step] = reply
    findings = await mail(server.port)
    name, level = found
    assert findings.troubles() == {name: level}
    assert words in findings[name].advice


async def test_no_encryption_where_it_is_wanted(server: PretendSmtp) -> None:
    findings = await mail(server.port, smtp_security="starttls")
    assert findings.troubles() == {"mail": FAIL}
    assert "smtp_security" in findings["mail"].advice


async def test_a_wrong_password_and_an_unknown_authority(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*made.server)
    async with PretendSmtp(context, accounts={"anna": "secret"}) as server:
        login = {"smtp_security": "starttls", "username": "anna"}
        known = {**login, "ca_file": str(made.ca)}
        good = await mail(server.port, **known, password="secret")
        wrong = await mail(server.port, **known, password="guess")
        unknown = await mail(server.port, **login, password="secret")
    assert good.troubles() == {}
    assert wrong.troubles() == {"mail": FAIL}
    assert "password_file" in wrong["mail"].advice
    assert unknown.troubles() == {"tls": FAIL}
    assert "ca_file" in unknown["tls"].advice


async def test_nobody_listens_or_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for port in (free_port(), mute.getsockname()[1]):
            findings = await mail(port, smtp_host="127.0.0.1", request_timeout_s=0.2)
            assert findings.troubles() == {"reach": FAIL}
            assert "smtp_host" in findings["reach"].advice


async def test_a_webhook_gets_one_signed_event_that_nobody_acts_on(
    tmp_path: Path,
) -> None:
    values = {"name": "pager", "channel": "webhook", "allow_private_addresses": True}
    async with PretendBackend(tmp_path / "raw.log", secrets=[SECRET]) as hook:
        values |= {"url": f"{hook.url}/pager", "secret": SECRET}
        good = await collected(examine(Recipient.model_validate(values), "hall"))
        values["secret"] = "whsec_b3RoZXI="
        wrong = await collected(examine(Recipient.model_validate(values), "hall"))
    hook.close()
    assert good.troubles() == {}
    assert good["answer"].area == "recipient pager"
    line, *_ = read_log(tmp_path / "raw.log")
    assert (line.signature, line.path) == ("ok", "/pager")
    assert wrong.troubles() == {"answer": FAIL}
    assert "is the secret the same" in wrong["answer"].advice
