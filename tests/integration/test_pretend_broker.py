"""The gateway cannot tell the pretend broker from a real one."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.services import PretendMosquitto
from tests.support.broker import feed
from tests.support.listening import link_options, linked, until
from tests.support.whole import Services, Whole, eventually, press, rating

TOPIC = "evaluators/v1/d1/rating"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretendMosquitto]:
    with PretendMosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def command(broker: PretendMosquitto, path: str) -> None:
    request = urllib.request.Request(
        f"{broker.control_url}/pretend/{path}",
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30):
        pass


async def test_what_the_link_does_not_acknowledge_comes_again(
    broker: PretendMosquitto,
) -> None:
    sent = [(TOPIC, b"%d" % number) for number in range(10)]
    options = link_options(broker.port)
    async with linked(options) as (link, listener):
        await asyncio.to_thread(feed, broker.port, sent)
        await until(lambda: len(listener.packets) == 10)
        link.acknowledge(link.epoch, listener.ids[:4])
    async with linked(options) as (link, listener):
        assert listener.opened == [(1, True)]
        await until(lambda: len(listener.packets) == 6)
        assert listener.payloads == [payload for _, payload in sent[4:]]
        link.acknowledge(link.epoch, listener.ids)


async def test_a_cut_link_comes_back_in_a_new_epoch(broker: PretendMosquitto) -> None:
    options = link_options(broker.port, client_id="cut-me")
    async with linked(options) as (_, listener):
        await asyncio.to_thread(command, broker, "cut?match=cut-me")
        await until(lambda: len(listener.opened) == 2)
        assert listener.opened[1][1]


def test_a_whole_gateway_receives_and_acknowledges_through_it(
    broker: PretendMosquitto, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:1"
    whole = Whole(tmp_path / "g", Services(broker.port, nobody, nobody, "d"))
    del whole.sections["[[influxdb]]"], whole.sections["[[backend]]"]
    whole.write()
    try:
        whole.start()
        press(broker.port, "dev-1", *(rating(f"{n:03d}") for n in range(50)))
        whole.accepted(50)
        eventually(lambda: owed(broker, "evalgate-hall") == 0, "acknowledged")
        assert whole.stop() == 0
    finally:
        whole.kill()


def owed(broker: PretendMosquitto, client_id: str) -> int:
    """Messages that a session has not acknowledged."""
    url = f"{broker.control_url}/pretend/sessions"
    with urllib.request.urlopen(url, timeout=30) as answer:
        sessions = {it["client_id"]: it for it in json.load(answer)}
    session = sessions[client_id]
    return int(session["queued"] + session["under_way"])
