"""Commands over the journal: asked, sent, heard of, and one outcome each."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from device_protocol.downlink import decode
from device_protocol.messages import Command as Message
from device_protocol.messages import Config
from device_protocol.topics import Channel
from fleet.commands.course import KEPT_MAX, OPEN_MAX, Command
from gateway.ports import Order
from tests.support.folding import DAY_MS, FoldedLedger, element, message, snapshot


@pytest.fixture
def world() -> Iterator[FoldedLedger]:
    world = FoldedLedger()
    world.rules()
    world.publish("d-1", element("event-0001"))
    yield world
    world.close()


def ask(world: FoldedLedger, command: str = "identify", **fields: Any) -> Any:  # noqa: ANN401 -- an outcome
    given = {"author": "ann", "device_id": "d-1", "command": command}
    return world.settle("command_asked", given | fields)


def tell(world: FoldedLedger, what: str, command_id: str) -> None:
    """What deliver tells: commands_sent, commands_unheard."""
    news = {"device_id": "d-1", "command_id": command_id}
    world.act(what, {"commands": [news]})


def reply(world: FoldedLedger, command_id: str, status: str, **fields: object) -> None:
    world.clock.advance(1_000)
    number = world.clock.wall_ms()
    told = {
        "v": 1,
        "event_id": f"reply-{number}",
        "command_id": command_id,
        "status": status,
    }
    world.append([message("d-1", told | fields, number, "reply")])


def birth(world: FoldedLedger, **fields: object) -> None:
    world.clock.advance(1_000)
    now_ms = world.clock.wall_ms()
    told = {"v": 1, "state": "online", "conn_id": f"c-{now_ms}"}
    world.append([message("d-1", told | fields, now_ms, "presence")])


def wait(world: FoldedLedger, ms: int) -> None:
    world.clock.advance(ms)
    world.append([])


def command(world: FoldedLedger, command_id: str) -> Command:
    text = world.one("SELECT data FROM command WHERE command_id = ?", command_id)
    return msgspec.json.decode(text, type=Command)


def orders(world: FoldedLedger) -> list[Order]:
    return [order for row in world.outbox() for order in row.orders]


def test_a_command_goes_out_and_its_reply_is_its_outcome(world: FoldedLedger) -> None:
    outcome = ask(world, parameters={"seconds": 5}, expires_s=60)
    own_id = outcome["command_id"]
    (order,) = orders(world)
    assert (order.device_id, order.channel, order.subject) == ("d-1", "command", own_id)
    sent = decode(Channel.COMMAND, order.payload)
    assert isinstance(sent, Message)
    assert (sent.name, sent.args, sent.expires_ms) == (
        "identify",
        {"seconds": 5},
        order.expires_ms,
    )
    tell(world, "commands_sent", own_id)
    reply(world, own_id, "accepted")
    reply(world, own_id, "done", result={"blinked": 5})
    settled = command(world, own_id)
    assert (settled.state, settled.result) == ("done", {"blinked": 5})
    assert [(one.what, one.by) for one in settled.history] == [
        ("asked", "ann"),
        ("sent", None),
        ("accepted", None),
        ("done", None),
    ]
    assert world.accounted()
    assert snapshot(world.refolded(7).store) == snapshot(world.store)


def test_what_was_never_sent_expires_and_what_was_is_unknown(
    world: FoldedLedger,
) -> None:
    never, sent = ask(world)["command_id"], ask(world)["command_id"]
    tell(world, "commands_sent", sent)
    wait(world, 301_000)
    assert command(world, never).state == "expired"
    assert command(world, sent).state == "sent"
    wait(world, 80_000)
    assert command(world, sent).state == "unknown_outcome"
    reply(world, sent, "done")
    late = command(world, sent)
    assert (late.state, late.history[-1].late) == ("unknown_outcome", True)


def test_a_terminal_that_comes_back_is_sent_it_again_under_its_id(
    world: FoldedLedger,
) -> None:
    own_id = ask(world)["command_id"]
    birth(world)
    assert len(orders(world)) == 1, "it is on its way already"
    tell(world, "commands_sent", own_id)
    birth(world)
    birth(world)
    assert [order.subject for order in orders(world)] == [own_id] * 2
    tell(world, "commands_sent", own_id)
    reply(world, own_id, "accepted")
    birth(world)
    assert len(orders(world)) == 2, "it was heard"


def test_what_nobody_heard_is_tried_again_after_a_while(world: FoldedLedger) -> None:
    own_id = ask(world)["command_id"]
    for tries in (1, 2, 3):
        tell(world, "commands_sent", own_id)
        tell(world, "commands_unheard", own_id)
        assert command(world, own_id).state == "asked"
        wait(world, 1_000)
        assert len(orders(world)) == tries
        wait(world, 1_000 << tries)
    wait(world, 300_000)
    assert command(world, own_id).state == "expired"


@pytest.mark.parametrize("retired_first", [True, False])
def test_a_terminal_out_of_service_is_sent_nothing_more(
    world: FoldedLedger, *, retired_first: bool
) -> None:
    """Unheard before it or after it, a command ends; one that may be heard waits."""
    unheard, heard = ask(world)["command_id"], ask(world)["command_id"]
    tell(world, "commands_sent", unheard)
    tell(world, "commands_sent", heard)
    retired = {"author": "ann", "device_id": "d-1"}
    if retired_first:
        world.act("device_retired", retired)
        tell(world, "commands_unheard", unheard)
    else:
        tell(world, "commands_unheard", unheard)
        world.act("device_retired", retired)
    wait(world, 2_000)
    ended = command(world, unheard)
    assert (ended.state, ended.error) == ("expired", "the terminal is retired")
    assert command(world, heard).state == "sent"
    birth(world)
    wait(world, 400_000)
    assert command(world, heard).state == "unknown_outcome"
    assert len(orders(world)) == 2
    assert snapshot(world.refolded(3).store) == snapshot(world.store)


def test_of_a_terminal_so_many_are_open_at_most(world: FoldedLedger) -> None:
    for _ in range(OPEN_MAX):
        own_id = ask(world)["command_id"]
    assert ask(world)["error"] == "too_many_commands"
    reply(world, own_id, "done")
    assert ask(world)["state"] == "asked"


def test_settled_ones_are_kept_for_a_while(world: FoldedLedger) -> None:
    ids = []
    for _ in range(KEPT_MAX + 5):
        ids.append(ask(world)["command_id"])
        reply(world, ids[-1], "done")
    last = ask(world)["command_id"]
    kept = [row[0] for row in world.all("SELECT command_id FROM command ORDER BY no")]
    assert kept == [*ids[5:], last]


@pytest.mark.parametrize(
    ("lifecycle", "fields", "code"),
    [
        ("refused", {}, "conflict"),
        ("retired", {}, "conflict"),
        ("pending", {}, "conflict"),
        ("active", {"device_id": "nobody"}, "not_found"),
        ("active", {"command": "fly"}, "unknown_command"),
        ("active", {"parameters": {"seconds": 1_000}}, "invalid"),
        ("active", {"expires_s": 0}, "invalid"),
        ("active", {"expires_s": 86_401}, "invalid"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_changes_nothing(
    world: FoldedLedger, lifecycle: str, fields: dict[str, Any], code: str
) -> None:
    world.act("device_put", {"device": {"device_id": "d-9", "lifecycle": lifecycle}})
    assert ask(world, **({"device_id": "d-9"} | fields))["error"] == code
    assert orders(world) == []


def test_a_terminal_is_asked_only_for_what_it_knows(world: FoldedLedger) -> None:
    birth(world, capabilities={"commands": ["selftest"]})
    assert ask(world)["error"] == "unknown_command"
    assert ask(world, "selftest")["state"] == "asked"


def test_a_reply_to_a_command_of_another_terminal_is_none(world: FoldedLedger) -> None:
    world.publish("d-2", element("event-0001"))
    own_id = ask(world, device_id="d-2")["command_id"]
    reply(world, own_id, "done")
    assert command(world, own_id).state == "asked"


# ----- modes


def test_a_mode_runs_out_and_the_terminal_is_told_once(world: FoldedLedger) -> None:
    given = {"mode": "maintenance", "seconds": 3_600}
    own_id = ask(world, "set_mode", parameters=given)["command_id"]
    reply(world, own_id, "done")
    wait(world, 3_500_000)
    assert len(orders(world)) == 1
    wait(world, 200_000)
    last = decode(Channel.COMMAND, orders(world)[-1].payload)
    assert isinstance(last, Message)
    assert (len(orders(world)), last.args) == (2, {"mode": "live"})
    assert command(world, f"{own_id}-end").author == "gateway"
    wait(world, DAY_MS)
    assert len(orders(world)) == 2


@pytest.mark.parametrize("how", ["another", "refused"])
def test_a_mode_that_does_not_hold_any_more_is_not_ended(
    world: FoldedLedger, how: str
) -> None:
    given = {"mode": "test", "seconds": 600}
    own_id = ask(world, "set_mode", parameters=given)["command_id"]
    reply(world, own_id, "rejected" if how == "refused" else "done")
    if how == "another":
        live = ask(world, "set_mode", parameters={"mode": "live"})["command_id"]
        reply(world, live, "done")
    before = len(orders(world))
    wait(world, 700_000)
    assert len(orders(world)) == before


def test_no_mode_is_set_after_it_would_have_run_out(world: FoldedLedger) -> None:
    given = {"mode": "test", "seconds": 60}
    own_id = ask(world, "set_mode", parameters=given, expires_s=3_600)["command_id"]
    asked = command(world, own_id)
    assert asked.expires_ms == asked.asked_ms + 60_000


# ----- press tests


def test_a_press_test_by_command_is_proved_by_keys_or_presses(
    world: FoldedLedger,
) -> None:
    keys = {"p": {"key_maps": [{"revision": 1, "levels": {"0": 5, "1": 1}}]}}
    world.act("profiles_applied", {"profiles": keys})
    world.act("device_put", {"device": {"device_id": "d-1", "profile": "p"}})
    outcome = ask(world, "press_test", parameters={"timeout_s": 60})
    own_id = outcome["command_id"]
    assert outcome["test_id"] == own_id
    reply(world, own_id, "accepted")
    reply(world, own_id, "done", result={"keys_pressed": [0]})
    now_ms = world.clock.wall_ms()
    press = {"v": 1, "event_id": "tested-1", "key": 1, "mode": "test"}
    world.append([message("d-1", press, now_ms)])
    text = world.one("SELECT data FROM press_test")
    test = msgspec.json.decode(text)
    assert [one.get("presses") for one in test["keys"]] == [1, 1]


@pytest.mark.parametrize("knows", [True, False])
def test_a_press_test_asks_only_who_knows_the_command(
    world: FoldedLedger, *, knows: bool
) -> None:
    birth(world, capabilities={"commands": ["press_test"] if knows else []})
    given = {"author": "ann", "device_id": "d-1", "timeout_s": 60}
    outcome = world.settle("press_test_started", given)
    assert outcome.get("command_id") == (outcome["test_id"] if knows else None)
    assert len(orders(world)) == int(knows)


# ----- settings


def put(world: FoldedLedger, desired: object) -> Any:  # noqa: ANN401 -- an outcome
    given = {"author": "ann", "device_id": "d-1", "desired": desired}
    return world.settle("device_settings_put", given)


def test_settings_have_a_revision_that_only_grows(world: FoldedLedger) -> None:
    birth(world, config_revision=7)
    assert put(world, {"volume": 40})["revision"] == 8
    assert put(world, None)["revision"] == 9
    assert put(world, {"volume": 50})["revision"] == 10
    first, gone, last = orders(world)
    assert decode(Channel.CONFIG, first.payload) == Config(8, {"volume": 40})
    assert (gone.payload, gone.channel, gone.expires_ms) == (b"", "config", 0)
    assert last.subject == "10"
    assert snapshot(world.refolded(3).store) == snapshot(world.store)


def test_a_terminal_that_reports_another_revision_is_told_again(
    world: FoldedLedger,
) -> None:
    put(world, {"volume": 40})
    birth(world, config_revision=0)
    birth(world, config_revision=1)
    birth(world)
    assert [order.subject for order in orders(world)] == ["1", "1"]


@pytest.mark.parametrize("desired", [{"x": "y" * 20_000}, {"x": [[[[[]]]]] * 1}])
def test_settings_that_no_message_holds_are_refused(
    world: FoldedLedger, desired: object
) -> None:
    deep: object = 0
    for _ in range(20):
        deep = [deep]
    wanted = desired if "y" in str(desired) else {"x": deep}
    assert put(world, wanted)["error"] == "invalid"
    assert orders(world) == []
