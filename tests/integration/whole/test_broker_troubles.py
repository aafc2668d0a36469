"""A broker that will not have us: alarmed, and over by itself once it is mended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mqtt5 import ConnectPacket

from simulators.processes import free_port
from simulators.services import Mosquitto
from tests.support.broker import (
    TunedMosquitto,
    make_certificates,
    refusing_subscriptions,
)
from tests.support.services import require
from tests.support.whole import Services, Whole, eventually, press, rating

pytestmark = pytest.mark.service

_CHANNELS = ("rating", "session", "complaint", "heartbeat", "presence", "selftest")


@contextmanager
def gateway_at(directory: Path, broker_port: int) -> Iterator[Whole]:
    """A gateway without sinks: only its broker matters here."""
    nobody = "http://127.0.0.1:1"
    whole = Whole(directory / "gateway", Services(broker_port, nobody, nobody, "x"))
    del whole.sections["[[influxdb]]"], whole.sections["[[backend]]"]
    whole.write()
    try:
        yield whole
    finally:
        whole.kill()


def cannot_reach(gateway: Whole, why: str) -> None:
    """Not ready, with an alert that says why."""

    def alarmed() -> bool:
        return why in gateway.alerts().get("link_down", "")

    eventually(alarmed, why)
    readiness = gateway.readiness()
    assert readiness["code"] == 503
    failed = [name for name, it in readiness["checks"].items() if not it["ok"]]
    assert failed == ["broker"]


def reached(gateway: Whole, feed_port: int, event_id: str) -> None:
    """Ready, no alert left, and what terminals send arrives."""
    eventually(gateway.is_ready, "ready")
    eventually(lambda: "link_down" not in gateway.alerts(), "alert resolved")
    press(feed_port, "dev-1", rating(event_id))
    eventually(lambda: gateway.ask(f"ratings/dev-1:event-{event_id}"), "taken")


def test_mutual_tls_with_a_wrong_authority_then_without_a_certificate_then_right(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    pem, secure = make_certificates(tmp_path / "pem"), free_port()
    certificate, key = pem.server
    lines = [
        f"listener {secure} 127.0.0.1",
        f"cafile {pem.ca}\ncertfile {certificate}\nkeyfile {key}",
        "require_certificate true",
    ]
    with (
        TunedMosquitto(tmp_path / "broker", lines) as broker,
        gateway_at(tmp_path, broker.port) as gateway,
    ):
        mine = gateway.sections["[broker]"]
        mine[0] = f'url = "mqtts://localhost:{secure}"'
        mine.append(f'ca_file = "{pem.stranger}"')
        gateway.write()
        gateway.start(until=lambda: gateway.ask("pipeline"))
        cannot_reach(gateway, "CERTIFICATE_VERIFY_FAILED")
        assert "the broker was not reached" in gateway.cli("status").out
        mine[-1] = f'ca_file = "{pem.ca}"'
        gateway.write()
        gateway.reload()
        cannot_reach(gateway, "certificate required")
        mine += [f'cert_file = "{pem.client[0]}"', f'key_file = "{pem.client[1]}"']
        gateway.write()
        gateway.reload()
        reached(gateway, broker.port, "0001")


def test_a_wrong_password_until_the_broker_knows_it(tmp_path: Path) -> None:
    require("mosquitto_passwd")
    passwords, closed = tmp_path / "passwords", free_port()
    give_password(passwords, "another")
    lines = [
        "per_listener_settings true",
        f"listener {closed} 127.0.0.1",
        f"allow_anonymous false\npassword_file {passwords}",
    ]
    with (
        OpenMosquitto(tmp_path / "broker", lines) as broker,
        gateway_at(tmp_path, closed) as gateway,
    ):
        (gateway.directory / "secret").write_text("right\n", "utf-8")
        gateway.sections["[broker]"] += [
            'username = "hall"\npassword_file = "secret"',
            "reconnect_delay_s_max = 0.5",
        ]
        gateway.write()
        gateway.start(until=lambda: gateway.ask("pipeline"))
        cannot_reach(gateway, "refused by the broker")
        give_password(passwords, "right")
        os.kill(broker.pid, signal.SIGHUP)
        reached(gateway, broker.port, "0001")


class OpenMosquitto(TunedMosquitto):
    """Its first listener lets anybody in; the settings are each listener's own."""

    def _command(self) -> list[str]:
        command = super()._command()
        path = Path(command[-1])
        first, *others = path.read_text("utf-8").splitlines()
        switch = "per_listener_settings true"
        rest = [line for line in others if line != switch]
        path.write_text("\n".join([switch, first, *rest]) + "\n", "utf-8")
        return command


def give_password(path: Path, password: str) -> None:
    words = ["mosquitto_passwd", "-b", "-c", str(path), "hall", password]
    subprocess.run(words, check=True, capture_output=True)
    path.chmod(0o644)


def test_a_refused_subscription_until_the_broker_grants_it(tmp_path: Path) -> None:
    require("mosquitto")
    allowed = [f"evaluators/v1/+/{name}" for name in (*_CHANNELS, "reply")]
    broker = refusing_subscriptions(tmp_path / "broker", allowed[1:])
    with broker, gateway_at(tmp_path, broker.port) as gateway:
        gateway.sections["[broker]"].append("reconnect_delay_s_max = 0.5")
        gateway.write()
        gateway.start()
        eventually(lambda: "subscription_refused" in gateway.alerts(), "alert")
        assert "evaluators/v1/+/rating" in gateway.alerts()["subscription_refused"]
        assert gateway.is_ready(), "the broker was reached; the alert says the rest"
        broker.stop()
        refusing_subscriptions(tmp_path / "broker", allowed)
        broker.start()
        eventually(lambda: "subscription_refused" not in gateway.alerts(), "granted")
        press(broker.port, "dev-1", rating("0001"))
        eventually(lambda: gateway.ask("ratings/dev-1:event-0001"), "taken")


def test_a_second_client_with_our_id_is_an_alarm_and_no_endless_quarrel(
    tmp_path: Path,
) -> None:
    require("mosquitto")
    with (
        Mosquitto(tmp_path / "broker") as broker,
        gateway_at(tmp_path, broker.port) as gateway,
    ):
        gateway.start()
        rivals: list[socket.socket] = []
        while not gateway.log("link_taken_over"):
            assert len(rivals) < 20
            rivals.append(rival_of(gateway, broker.port))
        eventually(lambda: "take_over" in gateway.alerts(), "alert")
        opened = [it["epoch"] for it in gateway.log("link_opened")][1:]
        assert "another client took our client id" in gateway.alerts()["take_over"]
        time.sleep(1.0)
        assert [it["epoch"] for it in gateway.log("link_opened")][1:] == opened
        for rival in rivals:
            rival.close()


def rival_of(gateway: Whole, port: int) -> socket.socket:
    """Connect with the gateway's client id, stay, and wait for what it does."""
    before = len(gateway.log("link_opened"))
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    stream.sendall(ConnectPacket("evalgate-hall", clean_start=False).write())
    assert stream.recv(64)

    def answered() -> bool:
        back = len(gateway.log("link_opened")) > before
        return back or bool(gateway.log("link_taken_over"))

    eventually(answered, "an answer to the rival")
    return stream
