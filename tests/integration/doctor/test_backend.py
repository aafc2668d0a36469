"""Each finding about a business backend, provoked on the pretend one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.backend import examine
from gateway.settings import Backend
from simulators.pretend.backend import PretendBackend, read_log
from simulators.pretend.faults import Conduct, Fault
from simulators.processes import free_port
from tests.support.broker import make_certificates
from tests.support.findings import Findings, collected

SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0"
OK, FAIL, WARN = Level.OK, Level.FAIL, Level.WARN


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncIterator[PretendBackend]:
    async with PretendBackend(tmp_path / "raw.log", secrets=[SECRET]) as server:
        yield server
    server.close()


async def found(url: str, **settings: object) -> Findings:
    values = {
        "name": "hook",
        "secret": SECRET,
        "allow_private_addresses": True,
        "request_timeout_s": 5,
        **settings,
        "url": url,
    }
    return await collected(examine(Backend.model_validate(values), "hall"))


@pytest.mark.parametrize("mode", ["batch", "single"])
async def test_a_signed_request_is_taken_and_changes_nothing(
    backend: PretendBackend, tmp_path: Path, mode: str
) -> None:
    findings = await found(f"{backend.url}/events", mode=mode)
    assert findings.troubles() == {}
    assert findings["against.hook"].level is OK, "the clock, by its Date"
    (line,) = read_log(tmp_path / "raw.log")
    assert line.signature == "ok"
    assert "rating" not in line.body


async def test_a_secret_that_differs(backend: PretendBackend) -> None:
    findings = await found(backend.url, secret="whsec_b3RoZXI=")
    assert findings.troubles() == {"answer": FAIL}
    assert "is the secret the same" in findings["answer"].advice


async def test_no_secret(backend: PretendBackend) -> None:
    findings = await found(backend.url, secret=None)
    assert findings.troubles() == {"secret": WARN, "answer": FAIL}


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        (404, FAIL, "correct the path"),
        (415, FAIL, "the other mode"),
        (402, FAIL, "mend the receiver"),
        (410, FAIL, "sinks enable"),
        (302, FAIL, "set url to http://elsewhere/"),
        (422, WARN, "without events"),
        (413, WARN, "without events"),
        (503, WARN, "tried again"),
        (429, WARN, "tried again"),
    ],
)
async def test_each_row_of_the_table_of_answers(
    backend: PretendBackend, status: int, level: Level, words: str
) -> None:
    headers = {"Location": "http://elsewhere/"} if status == 302 else {}
    backend.faults.replace([Fault(status=status, headers=headers)])
    findings = await found(backend.url)
    assert findings.troubles() == {"answer": level}
    assert words in findings["answer"].advice


async def test_a_private_address_that_is_not_allowed(
    backend: PretendBackend, tmp_path: Path
) -> None:
    by_number = await found(backend.url, allow_private_addresses=False)
    by_name = await found(
        backend.url.replace("127.0.0.1", "localhost"), allow_private_addresses=False
    )
    for findings in (by_number, by_name):
        assert findings.troubles() == {"address": FAIL}
        assert "allow_private_addresses" in findings["address"].advice
    assert read_log(tmp_path / "raw.log") == [], "nothing was sent there"


@pytest.mark.parametrize(
    "conduct", [Conduct.BLACK_HOLE, Conduct.RESET_BEFORE, Conduct.NONSENSE]
)
async def test_no_answer_that_makes_sense(
    backend: PretendBackend, conduct: Conduct
) -> None:
    backend.faults.replace([Fault(conduct=conduct)])
    findings = await found(backend.url, request_timeout_s=0.3)
    assert findings.troubles() == {"reach": FAIL}


async def test_nobody_listens() -> None:
    findings = await found(f"http://127.0.0.1:{free_port()}")
    assert findings.troubles() == {"reach": FAIL}


async def test_tls_where_none_is_spoken(backend: PretendBackend) -> None:
    findings = await found(backend.url.replace("http:", "https:"))
    assert findings.troubles() == {"tls": FAIL}


async def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*pem.server)
    server = await asyncio.start_server(
        lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        findings = await found(f"https://localhost:{port}/events")
    assert findings.troubles() == {"tls": FAIL}
    assert "its authority is unknown here" in findings["tls"].advice
