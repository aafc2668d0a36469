"""Each finding about the broker, provoked on a real mosquitto."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.broker import examine
from gateway.app.links import link_options
from gateway.mqtt.enquiry import enquiring
from gateway.settings import Broker
from simulators.processes import free_port
from simulators.services import Mosquitto
from tests.support.broker import (
    TunedMosquitto,
    make_certificates,
    refusing_subscriptions,
)
from tests.support.findings import Findings, collected
from tests.support.services import require

pytestmark = pytest.mark.service
FAIL, WARN = Level.FAIL, Level.WARN


@contextmanager
def tuned(directory: Path, *lines: str) -> Iterator[Mosquitto]:
    require("mosquitto")
    with TunedMosquitto(directory, lines) as broker:
        yield broker


async def found(port: int, **settings: object) -> Findings:
    scheme = "mqtts" if "ca_file" in settings else "mqtt"
    host = settings.pop("host", "127.0.0.1")
    values = {"connect_timeout_s": 5, **settings, "url": f"{scheme}://{host}:{port}"}
    return await collected(examine(Broker.model_validate(values)))


async def test_a_broker_as_it_should_be_has_no_findings(mosquitto: Mosquitto) -> None:
    findings = await found(mosquitto.port)
    assert findings.troubles() == {}
    assert set(findings) == {
        "reach",
        "account.uplink",
        "limits",
        "subscribe",
        "account.downlink",
        "publish",
        "account.probe",
    }


async def test_nobody_listens() -> None:
    findings = await found(free_port())
    assert findings.troubles() == {"reach": FAIL}
    assert "nothing listens there" in findings["reach"].detail


async def test_no_such_host() -> None:
    findings = await found(1883, host="no-such-host.invalid")
    assert findings.troubles() == {"reach": FAIL}
    assert "no such host" in findings["reach"].detail


@asynccontextmanager
async def answering(answer: bytes, *, hold: bool = False) -> AsyncIterator[int]:
    """A server that reads a little, says `answer`, and hangs up or holds on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        if hold:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_what_listens_never_answers() -> None:
    async with answering(b"", hold=True) as port:
        findings = await found(port, connect_timeout_s=0.5)
    assert findings.troubles() == {"reach": FAIL}
    assert "no answer in time" in findings["reach"].detail


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x02\x00\x01", b""]
)
async def test_what_listens_is_no_mqtt_5_broker(answer: bytes) -> None:
    async with answering(answer) as port:
        findings = await found(port)
    assert findings.troubles() == {"reach": FAIL}


async def test_a_certificate_of_an_unknown_authority(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    with secured(tmp_path, pem.ca, pem.server) as broker:
        findings = await found(broker.port, host="localhost", ca_file=pem.stranger)
        assert findings.troubles() == {"tls": FAIL}
        assert "ca_file" in findings["tls"].advice


async def test_a_certificate_of_another_host(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    with secured(tmp_path, pem.ca, pem.server) as broker:
        findings = await found(broker.port, ca_file=pem.ca)
        assert findings.troubles() == {"tls": FAIL}
        assert "name the host as its certificate does" in findings["tls"].advice


async def test_a_certificate_that_soon_expires(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    with secured(tmp_path, pem.ca, pem.server) as broker:
        findings = await found(broker.port, host="localhost", ca_file=pem.ca)
        assert findings.troubles() == {"tls": WARN}
        assert "good for 0 days" in findings["tls"].detail


async def test_a_certificate_of_ours_is_asked_for(tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    with secured(tmp_path, pem.ca, pem.server, "require_certificate true") as broker:
        findings = await found(broker.port, host="localhost", ca_file=pem.ca)
        assert findings["tls"].level is FAIL
        assert "certificate required" in findings["tls"].detail


async def test_tls_where_none_is_spoken(mosquitto: Mosquitto, tmp_path: Path) -> None:
    pem = make_certificates(tmp_path)
    findings = await found(mosquitto.port, host="localhost", ca_file=pem.ca)
    assert set(findings.troubles().values()) == {FAIL}


@contextmanager
def secured(
    directory: Path, ca: Path, server: tuple[Path, Path], *lines: str
) -> Iterator[Mosquitto]:
    files = f"cafile {ca}", f"certfile {server[0]}", f"keyfile {server[1]}"
    with tuned(directory / "broker", *files, *lines) as broker:
        yield broker


async def test_an_account_is_asked_for(tmp_path: Path) -> None:
    with accounts(tmp_path, {}) as broker:
        findings = await found(broker.port)
    assert findings.troubles() == {
        "account.uplink": FAIL,
        "account.downlink": FAIL,
        "account.probe": FAIL,
    }


async def test_a_wrong_password(tmp_path: Path) -> None:
    with accounts(tmp_path, {"gw": None}) as broker:
        wrong = await found(broker.port, username="gw", password="wrong")
        right = await found(broker.port, username="gw", password="of gw")
    assert wrong.troubles()["account.uplink"] is FAIL
    assert "password" in wrong["account.uplink"].advice
    assert right.troubles() == {}


async def test_accounts_bound_to_their_client_ids_are_not_taken_over(
    tmp_path: Path,
) -> None:
    names = {name: name for name in ("gw", "gw-down", "gw-probe")}
    with accounts(tmp_path, names) as broker:
        findings = await found(
            broker.port,
            client_id="gw",
            username="gw",
            password="of gw",
            downlink_username="gw-down",
            downlink_password="of gw-down",
            probe_username="gw-probe",
            probe_password="of gw-probe",
        )
    assert findings.troubles() == {"account.uplink": WARN, "account.downlink": WARN}
    assert "not tried" in findings["account.uplink"].detail
    assert "evalgate status" in findings["account.uplink"].advice


@contextmanager
def accounts(directory: Path, names: Mapping[str, str | None]) -> Iterator[Mosquitto]:
    """A broker with these accounts, each bound to a client id, or to none."""
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern")
    acls = [{"acltype": kind, "topic": "#", "allow": True} for kind in kinds]
    role = [{"rolename": "r"}]
    clients = []
    for name, client_id in names.items():
        salt, rounds = b"of the test.", 101
        key = hashlib.pbkdf2_hmac("sha512", f"of {name}".encode(), salt, rounds)
        client = {
            "username": name,
            "password": base64.b64encode(key).decode(),
            "salt": base64.b64encode(salt).decode(),
            "iterations": rounds,
            "roles": role,
        }
        clients.append({**client, **({"clientid": client_id} if client_id else {})})
    rules = {"roles": [{"rolename": "r", "acls": acls}], "clients": clients}
    path = directory / "rules.json"
    path.write_text(json.dumps(rules), "utf-8")
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    lines = f"plugin {plugin}", f"plugin_opt_config_file {path}"
    with tuned(directory / "broker", "allow_anonymous false", *lines) as broker:
        yield broker


async def test_the_right_to_read_is_missing(tmp_path: Path) -> None:
    require("mosquitto")
    with refusing_subscriptions(tmp_path, ["evaluators/v1/+/rating"]) as broker:
        findings = await found(broker.port)
    assert findings.troubles() == {"subscribe": FAIL}
    assert "evaluators/v1/+/presence" in findings["subscribe"].detail
    assert "evaluators/v1/+/rating" not in findings["subscribe"].detail


async def test_the_right_to_publish_is_missing(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read #\n", "utf-8")
    with tuned(tmp_path / "broker", f"acl_file {tmp_path / 'acl'}") as broker:
        findings = await found(broker.port)
    assert findings.troubles() == {"publish": FAIL}


async def test_tight_limits_are_named(tmp_path: Path) -> None:
    lines = "max_packet_size 20000", "max_inflight_messages 5", "retain_available false"
    with tuned(tmp_path, *lines) as broker:
        findings = await found(broker.port)
    assert findings.troubles() == {
        "limits.packet": WARN,
        "limits.receive": WARN,
        "limits.retain": FAIL,
    }


async def test_a_running_gateway_is_not_disturbed(mosquitto: Mosquitto) -> None:
    broker = Broker(url=f"mqtt://127.0.0.1:{mosquitto.port}")
    gateway = link_options(broker, broker.uplink, 10, uplink=True)
    downlink = link_options(broker, broker.downlink, 10, uplink=False)
    async with enquiring(gateway) as (one, _), enquiring(downlink) as (other, _):
        assert (await found(mosquitto.port)).troubles() == {}
        assert await one.publish("still/here", b"") < 0x80
        assert await other.publish("still/here", b"") < 0x80
