"""What must be right when all is quiet, told from the files and from outside."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import apsw

from gateway.events import Terms, cloud_id, partition_of
from gateway.ledger.outbox import SqliteOutbox
from gateway.ledger.schema import FOLDED
from gateway.ledger.store import Store, connect
from gateway.ports import (
    AnyEvent,
    Order,
    OutboxRow,
    Receipt,
    RecordKind,
    SinkSince,
    Unit,
)
from gateway.processing.fold import Fold
from gateway.processing.processor import BLOCKS_MAX
from gateway.processing.state import State
from gateway.sealing import Keyring, open_keyring
from tests.scenarios.world.audit import journal_reader
from tests.scenarios.world.processes import keyring_of
from tests.scenarios.world.sinks import Point

if TYPE_CHECKING:
    from tests.scenarios.world.world import World

_RECORDED: Final = "evalgate.rating.recorded.v1:"
_ALARMING: Final = frozenset({"gap", "journal_damaged"})


class Rated(NamedTuple):
    """A rating as the ledger has it."""

    rating_id: str
    ordinal: int
    level: int
    version: int
    effective: int


def check(world: "World") -> None:
    """Compare everything with everything."""
    if not world.audit.rows("SELECT 1 FROM state"):
        world.audit.violate("there is a ledger", "it is empty")
        return
    _the_journal_is_whole(world)
    rated = _ratings(world)
    _counts_agree(world)
    _nothing_is_lost_or_doubled(world, rated)
    _receipts_hold(world)
    _ordinals_rise(world, rated)
    _points_are_exact(world, rated)
    _events_are_exact(world, rated)
    _sinks_add_up(world)
    _a_fresh_fold_is_equal(world)


def _ratings(world: "World") -> list[Rated]:
    return [
        Rated(*row)
        for row in world.audit.rows(
            "SELECT device_id || ':' || event_id, ordinal, level, version, effective"
            " FROM rating JOIN device ON device.no = rating.device_no ORDER BY place"
        )
    ]


def _the_journal_is_whole(world: "World") -> None:
    reader = journal_reader(world.directory)
    expected = 1
    for header, records in reader.blocks(0, 1_000_000):
        if header.number != expected or records is None:
            world.audit.violate("the journal is whole", f"block {header.number}")
        expected = header.number + 1
        for record in records or ():
            if record.kind == RecordKind.ACT and record.topic in _ALARMING:
                text = f"{record.topic} {record.payload!r}"
                world.audit.violate("the journal is whole", text)
    reader.close()


def _counts_agree(world: "World") -> None:
    state = dict(world.audit.rows("SELECT name, value FROM state"))
    fates = world.audit.rows("SELECT name, rule, elements FROM fate")
    received = state["messages"] + state["elements_extra"]
    settled = sum(elements for _, _, elements in fates)
    block, journaled = world.audit.journal_totals()
    world.facts["received"] = received
    for name, _, elements in fates:
        world.facts[f"fate {name}"] += elements
    if received != settled:
        text = f"received {received}, fates {fates}"
        world.audit.violate("received = sum of fates", text)
    if state["block"] == block and state["messages"] != journaled.total():
        text = f"{state['messages']} counted, {journaled.total()} in the journal"
        world.audit.violate("received is what the journal holds", text)


def _nothing_is_lost_or_doubled(world: "World", rated: list[Rated]) -> None:
    times = Counter(one.rating_id for one in rated)
    for rating_id, count in times.items():
        if count > 1:
            world.audit.violate("one event, one effect", f"{rating_id}: {count}")
    levels = {one.rating_id: one.level for one in rated}
    for terminal in world.terminals:
        for press in terminal.presses:
            event_id = press.rating_id.partition(":")[2].encode()
            if press.rating_id in levels:
                if levels[press.rating_id] != press.level:
                    world.audit.violate("nothing is altered", press.rating_id)
            elif terminal.level == "A":
                world.audit.violate("level A loses nothing", press.rating_id)
            elif not any(event_id in payload for payload in world.broker.lost):
                world.audit.violate("the gateway loses nothing", press.rating_id)


def _receipts_hold(world: "World") -> None:
    """Also after the ledger was folded again from what a power cut left."""
    for device_id, event_id in sorted(world.audit.receipted):
        if not world.audit.kept(device_id, event_id):
            world.audit.violate("receipted is kept", f"{device_id}:{event_id}")


def _ordinals_rise(world: "World", rated: list[Rated]) -> None:
    """In the journal's order, but for what was held until its device's approval."""
    ordinals = [one.ordinal for one in rated]
    holds = world.settings.fleet.unknown_devices == "hold"
    expected = sorted(set(ordinals))
    if (sorted(ordinals) if holds else ordinals) != expected:
        world.audit.violate("ordinals are unique and rise", f"{ordinals[:50]}")


def _points_are_exact(world: "World", rated: list[Rated]) -> None:
    points: dict[str, list[Point]] = {}
    for point in world.influx.points.values():
        points.setdefault(point.rating_id, []).append(point)
    dead = _dead_subjects(world, "influx")
    for one in rated:
        found = points.pop(one.rating_id, [])
        right = Point(one.rating_id, one.level, bool(one.effective), one.version)
        if found != ([] if one.rating_id in dead else [right]):
            world.audit.violate("one exact point a rating", f"{found} for {right}")
    for rating_id in points:
        world.audit.violate("one exact point a rating", f"{rating_id} is no rating")


def _events_are_exact(world: "World", rated: list[Rated]) -> None:
    found = Counter(
        name.removeprefix(_RECORDED).rpartition(":")[0]
        for name in world.backend.ids
        if name.startswith(_RECORDED)
    )
    dead = _dead_subjects(world, "backend")
    for one in rated:
        count = found.pop(one.rating_id, 0)
        if count != (0 if one.rating_id in dead else 1):
            text = f"{count} for {one.rating_id}"
            world.audit.violate("one rating.recorded a rating", text)
    for rating_id in found:
        text = f"{rating_id} is no rating"
        world.audit.violate("one rating.recorded a rating", text)
    world.facts["webhooks repeated"] = world.backend.ids.total() - len(
        world.backend.ids
    )


def _dead_subjects(world: "World", sink: str) -> set[str]:
    rows = world.audit.rows(
        "SELECT subject FROM dead_letter WHERE sink = ?", sink, file="delivery.db"
    )
    return {subject for (subject,) in rows}


def _sinks_add_up(world: "World") -> None:
    outbox = SqliteOutbox(world.directory / "ledger.db", _keyring(world))
    rows, sinks = outbox.rows(0, 1_000_000), outbox.sinks()
    outbox.close()
    addressed = dict(world.audit.rows("SELECT name, events FROM sink_addressed"))
    settled = {
        name: counts
        for name, *counts in world.audit.rows(
            "SELECT name, delivered, dead FROM sink", file="delivery.db"
        )
    }
    guilty = {server.name: server.guilty for server in world.servers}
    for name, count in addressed.items():
        units = list(_units(rows, [one for one in sinks if one.name == name]))
        refused = sum(map(guilty.get(name, _never), units))
        expected = [len(units) - refused, refused]
        if count != len(units) or settled.get(name) != expected:
            text = f"{name}: {settled.get(name)}, expected {expected}; {addressed}"
            world.audit.violate("addressed = delivered + owed + dead", text)
        if name == world.backend.name:
            _order_is_kept(world, units)


def _never(_unit: Unit) -> bool:
    return False


def _keyring(world: "World") -> Keyring:
    return open_keyring(keyring_of(world.directory))


def _units(rows: list[OutboxRow], since: list[SinkSince]) -> Iterator[Unit]:
    terms = Terms(since)
    for row in rows:
        units, indexes = terms.select(row)
        yield from (units[index] for index in indexes)


def _order_is_kept(world: "World", units: list[Unit]) -> None:
    times = Counter(
        cloud_id(unit) for unit in units if not isinstance(unit, Receipt | Order)
    )
    for name, count in times.items():
        if count > 1:
            world.audit.violate("an event has one id", f"{name}: {count}")
    expected: dict[str, list[str]] = {}
    for unit in units:
        assert not isinstance(unit, Receipt | Order)
        if not world.backend.guilty(unit):
            event: AnyEvent = unit
            expected.setdefault(partition_of(event), []).append(cloud_id(event))
    for partition, names in expected.items():
        if world.backend.order.get(partition) != names:
            text = f"{world.backend.order.get(partition)} instead of {names}"
            world.audit.violate("events of a partition keep their order", text)


def _a_fresh_fold_is_equal(world: "World") -> None:
    path = world.directory / "fresh.db"
    store = Store(connect(path))
    reader = journal_reader(world.directory)
    fold = Fold(State(store, _keyring(world)))
    last = dict(world.audit.rows("SELECT name, value FROM state"))["block"]
    while (left := last - fold.state.block) > 0:
        limit = world.dice.randint(1, min(left, BLOCKS_MAX))
        fold.blocks(reader.blocks(fold.state.block, limit))
    tables = [*FOLDED, "outbox", *store.identities.tables()]
    store.close()
    reader.close()
    fresh, live = (_dump(world, name, tables) for name in ("fresh.db", "ledger.db"))
    for table in tables:
        if fresh[table] != live[table]:
            pairs = zip(fresh[table], live[table], strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), "lengths")
            text = f"{table}: {first}"
            world.audit.violate("a fresh fold gives the same ledger", text[:600])


def _dump(world: "World", name: str, tables: list[str]) -> dict[str, list[Any]]:
    connection = apsw.Connection(str(world.directory / name))
    try:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            for table in tables
        }
    finally:
        connection.close()
