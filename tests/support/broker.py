"""Real brokers with other settings than the common fixture, and a way to feed them."""

import datetime as dt
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mqtt5 import ConnectPacket, PublishPacket, QoS

from simulators.services import Mosquitto

_WINDOW = 1000
_ANSWER_S = 20.0


class TunedMosquitto(Mosquitto):
    """The common broker with more lines in its configuration."""

    def __init__(
        self, directory: Path, lines: Sequence[str], *, persistence: bool = True
    ) -> None:
        super().__init__(directory, persistence=persistence)
        self._lines = lines

    def _command(self) -> list[str]:
        command = super()._command()
        with Path(command[-1]).open("a", encoding="utf-8") as config:
            config.writelines(f"{line}\n" for line in self._lines)
        return command


def refusing_subscriptions(directory: Path, allowed: Sequence[str]) -> TunedMosquitto:
    """A broker that grants anybody these filters and refuses all others."""
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    acls = [{"acltype": "subscribeLiteral", "topic": t, "allow": True} for t in allowed]
    acls += [
        {"acltype": kind, "topic": "#", "allow": True}
        for kind in ("publishClientSend", "publishClientReceive", "unsubscribePattern")
    ]
    rules = {
        "defaultACLAccess": dict.fromkeys(
            ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"),
            False,
        ),
        "roles": [{"rolename": "r", "acls": acls}],
        "groups": [{"groupname": "g", "roles": [{"rolename": "r"}]}],
        "anonymousGroup": "g",
        "clients": [],
    }
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "rules.json"
    path.write_text(json.dumps(rules), "utf-8")
    return TunedMosquitto(
        directory, [f"plugin {plugin}", f"plugin_opt_config_file {path}"]
    )


class Certificates(NamedTuple):
    """PEM files: an authority, what it signed, and an authority nobody trusts."""

    ca: Path
    server: tuple[Path, Path]
    client: tuple[Path, Path]
    stranger: Path


def make_certificates(directory: Path) -> Certificates:
    directory.mkdir(parents=True, exist_ok=True)
    authority = _Authority("test authority")
    return Certificates(
        authority.write(directory / "ca.pem"),
        authority.sign(directory, "localhost"),
        authority.sign(directory, "gateway"),
        _Authority("stranger").write(directory / "stranger.pem"),
    )


class _Authority:
    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self._certificate = self._made(self._name, self._key, ca=True)

    def write(self, path: Path) -> Path:
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def sign(self, directory: Path, name: str) -> tuple[Path, Path]:
        """Write a certificate and its key for `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._made(_name(name), key, ca=False)
        paths = directory / f"{name}.pem", directory / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return paths

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(
                x509.BasicConstraints(ca=ca, path_length=None), critical=True
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def feed(
    port: int, messages: Sequence[tuple[str, bytes]], *, retain: bool = False
) -> None:
    """Publish (topic, payload) with QoS 1 and wait for every PUBACK."""
    packets = [
        PublishPacket(
            topic,
            payload,
            qos=QoS.AT_LEAST_ONCE,
            packet_id=number % _WINDOW + 1,
            retain=retain,
        ).write()
        for number, (topic, payload) in enumerate(messages)
    ]
    feed_raw(port, packets)


def feed_raw(port: int, packets: Sequence[bytes]) -> None:
    """Send PUBLISH packets of QoS 1 as they are, and wait for every PUBACK."""
    with socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S) as stream:
        stream.sendall(ConnectPacket("feeder", clean_start=True).write())
        stream.recv(1024)
        for start in range(0, len(packets), _WINDOW):
            window = packets[start : start + _WINDOW]
            stream.sendall(b"".join(window))
            _await_pubacks(stream, len(window))


def _await_pubacks(stream: socket.socket, count: int) -> None:
    """PUBACKs have four bytes, or six when nobody subscribes: type, length, id, …"""
    buffer = b""
    while count:
        answer = stream.recv(65_536)
        assert answer, "the broker closed the connection"
        buffer += answer
        while len(buffer) >= 2 and len(buffer) >= 2 + buffer[1]:
            buffer = buffer[2 + buffer[1] :]
            count -= 1
