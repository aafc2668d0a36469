"""The broker profile that is shipped: who may what, on a real mosquitto."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from simulators.processes import free_port
from simulators.services import Service, available
from tests.support.services import require

pytestmark = pytest.mark.service

PROFILE = Path(__file__).parents[2] / "config" / "mosquitto"
ADMIN_PASSWORD = "of the test"
TIMEOUT_S = 30


class ProfiledBroker(Service):
    """mosquitto with the shipped files; only places and ports differ."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.devices_port = free_port()
        self.passwords: dict[str, str] = {}
        self.accounts("init", str(directory / "dynamic-security.json"))

    def accounts(self, *command: str) -> None:
        """Run the shipped script; remember the passwords it prints."""
        made = subprocess.run(
            [PROFILE / "accounts", *command],
            env={
                **os.environ,
                "ADMIN_PASSWORD": ADMIN_PASSWORD,
                "BROKER_PORT": str(self.port),
            },
            check=True,
            capture_output=True,
            text=True,
        )
        if command[0] in {"gateway", "device"}:
            for line in made.stdout.splitlines():
                name, _, secret = line.partition(" ")
                self.passwords[name] = secret

    def client(self, name: str, port: int = 0, client_id: str = "") -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1",
            port or self.port,
            identifier=client_id or name,
            username=name,
            password=self.passwords[name],
            protocol=aiomqtt.ProtocolVersion.V5,
            timeout=TIMEOUT_S,
        )

    def device(self, name: str, client_id: str = "") -> aiomqtt.Client:
        return self.client(name, self.devices_port, client_id)

    def _command(self) -> list[str]:
        text = (PROFILE / "mosquitto.conf").read_text("utf-8")
        plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
        for pattern, place in (
            (r"^plugin .*", f"plugin {plugin}"),
            (r"/var/lib/mosquitto/", f"{self.directory}/"),
            (r"^listener 1883$", f"listener {self.devices_port} 127.0.0.1"),
            (r"^listener 1884 ", f"listener {self.port} "),
        ):
            text, found = re.subn(pattern, place, text, flags=re.MULTILINE)
            assert found, pattern
        config = self.directory / "mosquitto.conf"
        config.write_text(f"{text}\nuser root\n", "utf-8")
        return [available("mosquitto") or "mosquitto", "-c", str(config)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProfiledBroker]:
    require("mosquitto")
    with ProfiledBroker(tmp_path_factory.mktemp("profiled")) as started:
        started.accounts("defaults")
        started.accounts("gateway", "evaluators", "gw")
        started.accounts("canary", "evaluators", "hall", "gw")
        started.accounts("device", "evaluators", "dev-1")
        started.accounts("device", "evaluators", "dev-2")
        yield started


async def granted(client: aiomqtt.Client, pattern: str) -> bool:
    (code,) = await client.subscribe(pattern, qos=1)
    return int(code.value if hasattr(code, "value") else code) < 0x80


async def test_a_terminal_is_heard_on_its_own_topics_and_no_others(
    broker: ProfiledBroker,
) -> None:
    async with (
        asyncio.timeout(TIMEOUT_S),
        broker.client("gw") as gateway,
        broker.device("dev-1") as device,
    ):
        assert await granted(gateway, "evaluators/v1/+/rating")
        await device.publish("evaluators/v1/dev-2/rating", b"forged", qos=1)
        await device.publish("evaluators/v1/dev-1/rating", b"own", qos=1)
        message = await anext(aiter(gateway.messages))
        assert (message.topic.value, message.payload) == (
            "evaluators/v1/dev-1/rating",
            b"own",
        )


@pytest.mark.parametrize(
    "pattern",
    [
        "#",
        "evaluators/v1/+/rating",
        "evaluators/v1/dev-2/receipt",
        "$share/g/evaluators/v1/+/rating",
        "$share/g/evaluators/v1/dev-1/receipt",
        "$SYS/#",
        "$CONTROL/dynamic-security/v1/response",
    ],
)
async def test_a_terminal_hears_nothing_that_is_not_its_own(
    broker: ProfiledBroker, pattern: str
) -> None:
    async with asyncio.timeout(TIMEOUT_S), broker.device("dev-1") as device:
        assert not await granted(device, pattern)
        assert await granted(device, "evaluators/v1/dev-1/receipt")


async def test_receipts_reach_their_terminal(broker: ProfiledBroker) -> None:
    topic = "evaluators/v1/dev-1/receipt"
    async with (
        asyncio.timeout(TIMEOUT_S),
        broker.device("dev-1") as device,
        broker.client("gw-down") as downlink,
    ):
        await granted(device, topic)
        await downlink.publish(topic, b"receipt", qos=1)
        message = await anext(aiter(device.messages))
        assert message.payload == b"receipt"


async def test_the_probe_presses_for_the_ghosts_it_was_given_and_no_others(
    broker: ProfiledBroker,
) -> None:
    async with (
        asyncio.timeout(TIMEOUT_S),
        broker.client("gw") as gateway,
        broker.client("gw-probe") as probe,
    ):
        assert await granted(gateway, "evaluators/v1/+/rating")
        for device_id in ("dev-1", "canary-north", "canary-hall"):
            await probe.publish(f"evaluators/v1/{device_id}/rating", b"{}", qos=1)
        message = await anext(aiter(gateway.messages))
        assert message.topic.value == "evaluators/v1/canary-hall/rating"


async def test_a_terminal_cannot_take_anothers_session(broker: ProfiledBroker) -> None:
    async with (
        asyncio.timeout(TIMEOUT_S),
        broker.device("dev-2") as victim,
        broker.device("dev-1", client_id="dev-2"),
    ):
        assert await granted(victim, "evaluators/v1/dev-2/receipt"), "still connected"


async def test_the_gateways_accounts_are_bound_to_their_client_ids(
    broker: ProfiledBroker,
) -> None:
    with pytest.raises(aiomqtt.MqttError, match=r"(?i)not authori[sz]ed|bad user"):
        async with broker.client("gw", client_id="gw-down"):
            raise AssertionError


async def test_the_probe_reads_the_brokers_figures(broker: ProfiledBroker) -> None:
    async with asyncio.timeout(TIMEOUT_S), broker.client("gw-probe") as probe:
        assert await granted(probe, "$SYS/broker/publish/messages/dropped")
