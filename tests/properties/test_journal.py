"""For any records: what goes in comes out, and no byte changes unseen."""

import random
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.clock import SteppedClock
from gateway.journal.block import GENESIS, BlockCodec, following, is_chained
from gateway.journal.damage import Damage, DamageKind, merged, walk
from gateway.journal.memory import MemoryJournal
from gateway.ports import Header, Record
from gateway.sealing import Keyring

KEYRING = Keyring({1: bytes(32)})
CODEC = BlockCodec(KEYRING)

records = st.lists(
    st.builds(
        Record,
        kind=st.integers(0, 2),
        topic=st.text(),
        payload=st.binary(),
        received_ms=st.integers(0, 1 << 48),
        flags=st.integers(0, 7),
    ),
    max_size=20,
)


def sealed(content: list[Record]) -> tuple[Header, bytes]:
    body = CODEC.body(1, 7, content)
    header = following(
        None,
        number=7,
        generation=1,
        first_message=0,
        records=content,
        appended_ms=1_795_000_000_000,
        flags=0,
        key_id=1,
        body=body,
    )
    return header, body


@given(records)
def test_packing_and_unpacking_is_the_identity(content: list[Record]) -> None:
    header, body = sealed(content)
    assert CODEC.records(header, body) == content


@given(records, st.data())
def test_a_changed_or_cut_body_never_opens(
    content: list[Record], data: st.DataObject
) -> None:
    header, body = sealed(content)
    if body:
        at = data.draw(st.integers(0, len(body) - 1))
        flipped = bytearray(body)
        flipped[at] ^= data.draw(st.integers(1, 255))
        assert CODEC.records(header, bytes(flipped)) is None
        assert CODEC.records(header, body[:at]) is None
    assert CODEC.records(header, body + b"x") is None


@given(records, st.data())
def test_a_changed_header_breaks_the_chain(
    content: list[Record], data: st.DataObject
) -> None:
    header, _ = sealed(content)
    assert is_chained(header, GENESIS)
    for changed in _changes(header, data):
        assert not is_chained(changed, GENESIS)


@given(st.integers(1, 30), st.integers(0, 1000))
def test_any_block_taken_out_of_the_middle_is_missed(blocks: int, seed: int) -> None:
    journal = MemoryJournal(SteppedClock(), KEYRING)
    headers = [journal.append([]) for _ in range(blocks + 2)]
    gone = random.Random(seed).randrange(1, blocks + 1)
    left = headers[:gone] + headers[gone + 1 :]
    number = gone + 1
    assert list(walk(headers, None)) == []
    assert list(walk(left, None)) == [
        Damage("missing", number, number),
        Damage("chain", number + 1, number + 1),
    ]


kinds: st.SearchStrategy[DamageKind] = st.sampled_from(["chain", "body"])


@given(st.lists(st.builds(Damage, kinds, st.integers(1, 30), st.just(0))))
def test_merging_keeps_every_block_and_joins_all_neighbours(
    found: list[Damage],
) -> None:
    found = [damage._replace(last=damage.first) for damage in found]
    ranges = merged(found)
    expanded = {(d.kind, n) for d in ranges for n in range(d.first, d.last + 1)}
    assert expanded == {(damage.kind, damage.first) for damage in found}
    for one, next_one in pairwise(ranges):
        assert one.kind != next_one.kind or one.last + 1 < next_one.first


@pytest.mark.parametrize("key_id", [1, 2])
def test_a_body_opens_at_its_own_place_only(key_id: int) -> None:
    header, body = sealed([Record(0, "t", b"p", 0)])
    moved = replace(header, number=8)
    foreign = replace(header, key_id=key_id)
    assert CODEC.records(moved, body) is None
    assert (CODEC.records(foreign, body) is None) == (key_id == 2)


def _changes(header: Header, data: st.DataObject) -> Iterator[Header]:
    for name in header.__struct_fields__:
        value = getattr(header, name)
        if isinstance(value, bytes):
            flipped = bytearray(value)
            flipped[data.draw(st.integers(0, len(value) - 1))] ^= 1
            yield replace(header, **{name: bytes(flipped)})
        else:
            more = data.draw(st.integers(1, 1 << 70))
            yield replace(header, **{name: value + more})
