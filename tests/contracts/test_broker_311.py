"""The same contract for clients of MQTT 3.1.1, with paho's client."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from simulators.services import Mosquitto, PretendMosquitto, Service
from tests.support.mqtt_client import BareClient
from tests.support.services import require

DEADLINE_S = 30.0
QUIET_S = 0.08


@pytest.fixture(
    scope="module",
    params=["pretend", pytest.param("mosquitto", marks=pytest.mark.service)],
)
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("broker")
    if request.param == "mosquitto":
        require("mosquitto")
    chosen = Mosquitto if request.param == "mosquitto" else PretendMosquitto
    with chosen(directory) as running:
        yield running


class Paho:
    """A connected client, and what it heard."""

    def __init__(self, port: int, client_id: str, *, clean: bool, will: bool) -> None:
        self.messages: queue.Queue[MQTTMessage] = queue.Queue()
        self.codes: queue.Queue[int] = queue.Queue()
        self.session_present: queue.Queue[bool] = queue.Queue()
        self.client = Client(
            CallbackAPIVersion.VERSION2, client_id, clean, protocol=MQTTv311
        )
        if will:
            self.client.will_set(f"{client_id}/will", b"gone", 1)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.present = self.session_present.get(timeout=DEADLINE_S)

    def _connected(
        self, _c: Client, _u: object, flags: ConnectFlags, *_: object
    ) -> None:
        self.session_present.put(flags.session_present)

    def _subscribed(
        self, _c: Client, _u: object, _mid: int, codes: list[ReasonCode], _p: object
    ) -> None:
        for code in codes:
            self.codes.put(code.value)

    def subscribe(self, pattern: str, qos: int = 1) -> int:
        self.client.subscribe(pattern, qos)
        return self.codes.get(timeout=DEADLINE_S)

    def publish(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False
    ) -> None:
        sent = self.client.publish(topic, payload, qos, retain)
        sent.wait_for_publish(DEADLINE_S)
        assert sent.is_published()

    def hear(self) -> MQTTMessage:
        return self.messages.get(timeout=DEADLINE_S)

    def hears_nothing(self) -> bool:
        try:
            self.messages.get(timeout=QUIET_S)
        except queue.Empty:
            return True
        return False


@contextmanager
def paho(
    broker: Service, client_id: str, *, clean: bool = True, will: bool = False
) -> Iterator[Paho]:
    one = Paho(broker.port, client_id, clean=clean, will=will)
    try:
        yield one
    finally:
        one.client.disconnect()
        one.client.loop_stop()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_every_qos_arrives(broker: Service, qos: int) -> None:
    with paho(broker, "q") as client:
        assert client.subscribe("q/+", qos) == qos
        client.publish("q/t", b"x", qos)
        message = client.hear()
        assert (message.payload, message.qos, message.retain) == (b"x", qos, False)
        assert client.hears_nothing()


def test_a_session_is_kept_unless_it_is_clean(broker: Service) -> None:
    with paho(broker, "s", clean=False) as client:
        assert not client.present
        client.subscribe("s/t", 2)
    with paho(broker, "other") as other:
        for qos in (1, 2):
            other.publish("s/t", b"%d" % qos, qos)
    with paho(broker, "s", clean=False) as client:
        assert client.present
        assert [client.hear().payload for _ in range(2)] == [b"1", b"2"]
    with paho(broker, "s") as client:
        assert not client.present
        assert client.hears_nothing()


def test_retained_is_marked_at_the_subscription_only(broker: Service) -> None:
    with paho(broker, "r") as client:
        client.subscribe("r/t")
        client.publish("r/t", b"x", retain=True)
        assert not client.hear().retain
        client.subscribe("r/t")
        assert client.hear().retain
        client.publish("r/t", b"", retain=True)


def test_both_versions_meet(broker: Service) -> None:
    with paho(broker, "old") as old, BareClient(broker.port) as new:
        new.connect("new", clean_start=True)
        new.subscribe("meet/#")
        old.subscribe("meet/#")
        new.publish("meet/t", b"5", user_properties=[("a", "b")])
        assert old.hear().payload == b"5"


def test_a_will_is_published_when_the_client_breaks_off(broker: Service) -> None:
    with paho(broker, "watcher") as watcher:
        watcher.subscribe("+/will")
        with paho(broker, "polite", will=True):
            pass
        assert watcher.hears_nothing()
        with paho(broker, "mortal", will=True), paho(broker, "mortal"):
            assert watcher.hear().payload == b"gone"  # taken over
