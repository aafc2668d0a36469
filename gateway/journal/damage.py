"""What a check of the journal may find, and the records that tell of it."""

import json
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from gateway.journal.block import GENESIS, is_chained
from gateway.ports import Header, Record, RecordKind

ACTS_MAX = 100

DamageKind = Literal["chain", "body", "missing", "replaced", "unreadable", "mark"]


class Damage(NamedTuple):
    """Blocks `first` to `last` are not as they were written.

    chain: a header was altered, or another one stood before it · body: it does not
    match its header · missing: gone without a record of it · replaced: another block
    of that number was durable once · unreadable: the engine's file was damaged, what
    could be read was kept · mark: the high-water mark is spoilt, and was no help.
    """

    kind: DamageKind
    first: int
    last: int


class Gap(NamedTuple):
    """Blocks `expected` to `found` - 1 were written once and are gone.

    `cause` says who knew: mark, ledger, identities.
    """

    expected: int
    found: int
    cause: str


def walk(headers: Iterable[Header], anchor: Header | None) -> Iterator[Damage]:
    """Check the chain over `headers`, which follow `anchor`.

    A jump of the numbers inside a sound chain was declared when it was written.
    """
    number = anchor.number if anchor else 0
    chain = anchor.chain if anchor else GENESIS
    for header in headers:
        if not is_chained(header, chain):
            if header.number > number + 1:
                yield Damage("missing", number + 1, header.number - 1)
            yield Damage("chain", header.number, header.number)
        number, chain = header.number, header.chain


def merged(damages: Iterable[Damage]) -> list[Damage]:
    """Neighbours of one kind as one."""
    result: list[Damage] = []
    for damage in sorted(damages):
        last = result[-1] if result else None
        if last and last.kind == damage.kind and damage.first <= last.last + 1:
            result[-1] = last._replace(last=max(last.last, damage.last))
        else:
            result.append(damage)
    return result


def acts(gap: Gap | None, damages: list[Damage], now_ms: int) -> list[Record]:
    """The records of the first new block: the gap first, then each damage.

    Beyond a bound the last record says how many more there are; `verify` lists them.
    """
    payloads: list[tuple[str, dict[str, object]]] = []
    if gap:
        payloads.append(("gap", gap._asdict()))
    payloads += [("journal_damaged", d._asdict()) for d in damages[:ACTS_MAX]]
    if len(damages) > ACTS_MAX:
        payloads[-1][1]["more"] = len(damages) - ACTS_MAX
    return [
        Record(RecordKind.ACT.value, topic, json.dumps(payload).encode(), now_ms)
        for topic, payload in payloads
    ]
