"""The services that other tests stand on do what those tests rely on."""

import socket
import urllib.request

import pytest

from simulators.services import Mosquitto, VictoriaMetrics
from tests.support.services import Database

pytestmark = pytest.mark.service


def connect(broker: Mosquitto) -> bytes:
    """The CONNACK to a bare MQTT 5 CONNECT."""
    with socket.create_connection(("127.0.0.1", broker.port), timeout=30) as link:
        link.sendall(bytes.fromhex("100f00044d5154540502000a000002") + b"s1")
        return link.recv(64)


def test_mosquitto_answers_and_comes_back_on_its_port_after_a_kill(
    mosquitto: Mosquitto,
) -> None:
    port = mosquitto.port
    assert connect(mosquitto)[0] == 0x20
    mosquitto.kill()
    with pytest.raises(OSError, match="refused"):
        connect(mosquitto)
    mosquitto.start()
    assert mosquitto.port == port
    assert connect(mosquitto)[0] == 0x20


def write(url: str, body: bytes) -> int:
    request = urllib.request.Request(url, data=body)
    with urllib.request.urlopen(request, timeout=30) as answer:
        status: int = answer.status
        return status


@pytest.mark.parametrize("_again", [1, 2])
def test_each_test_has_an_empty_influx_database(influx1: Database, _again: int) -> None:
    assert influx1.count("level") == 0
    url = f"{influx1.url}/write?db={influx1.name}"
    assert write(url, b"rating,device=a level=5i 1000\n") == 204
    assert influx1.count("level") == 1


def test_victoria_metrics_takes_v2_writes(victoria: VictoriaMetrics) -> None:
    url = f"{victoria.url}/api/v2/write?org=o&bucket=b"
    assert write(url, b"rating,device=a level=5i 1700000000000000000\n") == 204
