"""Each outsider as a process of its own: says where it is, serves, ends when asked."""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path

import pytest
from mqtt5 import ConnectPacket, PubAckPacket, SubscribePacket, TopicFilter

from simulators.counting_sink import read_spool
from simulators.processes import Child, wait_until
from simulators.publisher import Publisher, encode
from simulators.services import Mosquitto


def outsider(tmp_path: Path, *words: str) -> Child:
    command = [sys.executable, "-m", "simulators", *words]
    return Child(command, tmp_path / f"{words[0]}.log", piped=True)


def post(url: str, body: bytes, **headers: str) -> int:
    kind = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body, headers=kind)
    with urllib.request.urlopen(request, timeout=30) as answer:
        status: int = answer.status
        return status


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
        return body


def test_the_backend_logs_what_it_takes(tmp_path: Path) -> None:
    log = tmp_path / "raw.log"
    with outsider(tmp_path, "backend", "--log", str(log)) as server:
        url = json.loads(server.read_line())["url"]
        event = {"specversion": "1.0", "id": "a", "type": "t", "source": "/g"}
        body = json.dumps([event]).encode()
        kind = "application/cloudevents-batch+json"
        assert post(f"{url}/events", body, content_type=kind) == 204
        assert json.loads(log.read_text())["body"] == body.decode()
        server.terminate()
        assert server.wait(30) == 0


def test_the_influx_keeps_a_journal_of_what_it_takes(tmp_path: Path) -> None:
    journal = tmp_path / "points"
    words = ("influx", "--api", "v1", "--store", "d", "--journal", str(journal))
    with outsider(tmp_path, *words) as server:
        url = json.loads(server.read_line())["url"]
        assert post(f"{url}/write?db=d", b"rating level=5i 1") == 204
        assert json.loads(get(f"{url}/pretend/counts"))["points"] == 1
        assert journal.read_bytes() == b"rating level=5i 1\n"


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with outsider(tmp_path, "influx") as first:
        port = json.loads(first.read_line())["port"]
        with outsider(tmp_path, "influx", "--listen", f"127.0.0.1:{port}") as second:
            assert second.wait(30) == 1
            assert second.tail().startswith(f"cannot listen on 127.0.0.1:{port}: ")


def test_the_sink_writes_its_spool_at_the_end(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    with outsider(tmp_path, "sink", "--spool", str(spool)) as server:
        url = json.loads(server.read_line())["url"]
        assert post(f"{url}/events", b'[{"event_id": "a"}]') == 204
        assert json.loads(get(url))["events"] == 1
        server.terminate()
        assert server.wait(30) == 0
    assert [one.body for one in read_spool(spool)] == [b'[{"event_id": "a"}]']


def closed(tap: Child) -> dict[str, object]:
    """What the tap tells of the one connection that has ended."""
    found: list[dict[str, object]] = []

    def told() -> bool:
        tap.write_line("report")
        found[:] = json.loads(tap.read_line())["closed"]
        return bool(found)

    wait_until(told, 5, "connection closed")
    (seen,) = found
    return seen


@pytest.mark.service
async def test_the_tap_sees_and_cuts_a_connection(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    with outsider(tmp_path, "tap", "--broker", str(mosquitto.port)) as tap:
        port = json.loads(tap.read_line())["port"]
        publisher = await Publisher("through-the-tap", 10).connect("127.0.0.1", port)
        publisher.send(iter([encode("a/topic", b"x", 1)]), 1)
        await publisher.progress(5)
        assert publisher.acknowledged == 1
        tap.write_line("cut")
        assert json.loads(tap.read_line()) == {"cut": 1}
        with pytest.raises(ConnectionError):
            await publisher.progress(5)
        assert closed(tap)["client_id"] == "through-the-tap"


@pytest.mark.service
async def test_the_tap_counts_what_a_subscriber_leaves_unacknowledged(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    subscribe = SubscribePacket(1, [TopicFilter("a/topic")]).write()
    with outsider(tmp_path, "tap", "--broker", str(mosquitto.port)) as tap:
        port = json.loads(tap.read_line())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ConnectPacket("silent", clean_start=True).write() + subscribe)
        wait_until(lambda: mosquitto.subscribed("a/topic") > 0, 5, "subscribed")
        publisher = await Publisher("p", 10).connect("127.0.0.1", mosquitto.port)
        publisher.send((encode("a/topic", b"x", n) for n in (1, 2)), 2)
        received = b""
        async with asyncio.timeout(30):
            while publisher.acknowledged < 2:
                await publisher.progress(5)
            while received.count(b"a/topic") < 2:
                received += await reader.read(1000)
        publisher.close()
        tap.write_line("report")
        (seen,) = json.loads(tap.read_line())["open"]
        assert (seen["delivered"], seen["unacknowledged"]) == (2, 2)
        writer.close()
        await writer.wait_closed()


@pytest.mark.service
async def test_the_tap_unmasks_acknowledgements_of_an_earlier_connection(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    words = ("tap", "--broker", str(mosquitto.port), "--hold-ms", "100")
    with outsider(tmp_path, *words) as tap:
        port = json.loads(tap.read_line())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ConnectPacket("hasty", clean_start=True).write())
        async with asyncio.timeout(30):
            assert (await reader.read(100))[0] >> 4 == 2  # CONNACK
        writer.write(PubAckPacket(7).write())
        writer.close()
        await writer.wait_closed()
        assert closed(tap)["foreign_acks"] == 1
