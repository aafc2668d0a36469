"""Opening the journal to write: recover, check, find what is missing, say so."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw

from gateway.clock import Clock
from gateway.durable import sync_directory
from gateway.errors import DiskFullError, JournalBrokenError, PermanentError
from gateway.journal import damage, kernelclock, sqlite
from gateway.journal.assembling import Assembler, Position
from gateway.journal.block import BlockCodec
from gateway.journal.blocktime import BlockClock, BlockTime
from gateway.journal.damage import Damage, Gap
from gateway.journal.mark import HighWaterMark, Mark
from gateway.journal.reserve import RESERVE_BYTES, Reserve
from gateway.journal.salvage import ILLEGIBLE, salvage
from gateway.journal.table import BlockTable, is_full
from gateway.journal.verifying import damaged_bodies
from gateway.ports import Header, HeaderFlag, Record
from gateway.sealing import Keyring


class Known(NamedTuple):
    """A block that another store has seen, and how many messages up to it."""

    cause: str
    number: int
    received: int = 0


class Opened(NamedTuple):
    """The journal, and what was found; its first block already tells of that."""

    journal: sqlite.SqliteJournal
    gap: Gap | None
    damages: list[Damage]


def open_journal(  # noqa: PLR0913 - what a start takes into account
    path: Path,
    keyring: Keyring,
    clock: Clock,
    *,
    known: Sequence[Known] = (),
    headers_after: int = 0,
    bodies_after: int = 0,
    synchronised: Callable[[], bool] = kernelclock.is_synchronised,
    reserve_bytes: int = RESERVE_BYTES,
    vfs: str | None = None,
) -> Opened:
    """Open or create the journal at `path`, its mark and its reserve beside it.

    Headers above `headers_after` are checked, at some 5 µs each, and bodies above
    `bodies_after`; what lies below is left to `verifying.Verification`. The next
    number is above all that the journal, its mark and `known` have seen.

    Raises:
        PermanentError: the keyring lacks the key of the newest block.
        DiskFullError: not even the reserve was enough to start.
        JournalBrokenError: the disk failed.

    """
    reserve = Reserve(path.with_name("reserve"), reserve_bytes)
    find = _Finder(path, keyring, headers_after, bodies_after, vfs)
    try:
        found = find()
    except DiskFullError:
        if not reserve.held:
            raise
        reserve.free()
        found = find()
    sync_directory(path.parent)
    position, gap = _position(found, known)
    codec = BlockCodec(keyring)
    block_clock = _block_clock(found.head, clock, synchronised)
    assembler = Assembler(codec, clock, block_clock, position)
    journal = sqlite.SqliteJournal(found.table, assembler, found.mark, reserve, clock)
    acts = damage.acts(gap, found.damages, clock.wall_ms())
    if acts:
        _append(journal, acts)
    reserve.hold()
    return Opened(journal, gap, found.damages)


class _Found(NamedTuple):
    table: BlockTable
    head: Header | None
    generation: int
    mark: HighWaterMark
    marked: Mark | None
    damages: list[Damage]


class _Finder(NamedTuple):
    """Recovers and checks what stands on the disk."""

    path: Path
    keyring: Keyring
    headers_after: int
    bodies_after: int
    vfs: str | None

    def __call__(self) -> _Found:
        try:
            table, damages = self._table()
            head = table.newest() or table.anchor()
            generation = table.generation()
        except apsw.Error as error:
            if is_full(error):
                raise DiskFullError("no space to open the journal") from error
            raise JournalBrokenError(f"{self.path}: {error}") from error
        if head and not self.keyring.holds(head.key_id):
            table.close()
            raise PermanentError(f"the keyring lacks key {head.key_id} of {self.path}")
        mark = HighWaterMark.open(self.path.with_suffix(".mark"))
        marked = mark.read()
        damages += _contradictions(table, mark, marked)
        merged = damage.merged(damages)
        return _Found(table, head, generation, mark, marked, merged)

    def _table(self) -> tuple[BlockTable, list[Damage]]:
        try:
            return self._checked()
        except ILLEGIBLE:
            salvage(self.path, sqlite.SYNCHRONOUS)
            table, damages = self._checked()
            return table, [Damage("unreadable", 0, 0), *damages]

    def _checked(self) -> tuple[BlockTable, list[Damage]]:
        table = BlockTable.writing(self.path, sqlite.SYNCHRONOUS, self.vfs)
        try:
            before = table.header(self.headers_after) or table.anchor()
            after = before.number if before else 0
            damages = list(damage.walk(table.headers(after), before))
            damages += damaged_bodies(table, self.bodies_after)
        except BaseException:
            table.close()
            raise
        return table, damages


def _contradictions(
    table: BlockTable, mark: HighWaterMark, marked: Mark | None
) -> list[Damage]:
    """What the mark says against itself or against the journal."""
    if marked is None:
        return [Damage("mark", 0, 0)] if mark.is_spoilt() else []
    header = table.header(marked.number)
    if header is None or header.chain == marked.chain:
        return []
    return [Damage("replaced", marked.number, marked.number)]


def _position(found: _Found, known: Sequence[Known]) -> tuple[Position, Gap | None]:
    """The next block's place, above all that anybody has seen."""
    head, marked = found.head, found.marked
    generation = max(found.generation, head.generation if head else 1)
    end = Known("journal", 0)
    if head:
        end = Known("journal", head.number, head.first_message + head.messages)
    witnesses = [end, *known]
    if marked:
        generation = max(generation, marked.generation)
        witnesses.append(Known("mark", marked.number, marked.received))
    furthest = max(witnesses, key=lambda witness: witness.number)
    received = max(witness.received for witness in witnesses)
    position = Position(head, furthest.number + 1, generation, received)
    if furthest.number == end.number:
        return position, None
    return position, Gap(end.number + 1, position.number, furthest.cause)


def _block_clock(
    head: Header | None, clock: Clock, synchronised: Callable[[], bool]
) -> BlockClock:
    last = None
    if head:
        suspect = bool(head.flags & HeaderFlag.CLOCK_SUSPECT)
        last = BlockTime(head.appended_ms, suspect)
    return BlockClock(last, clock.wall_ms(), clock.monotonic_ms(), synchronised)


def _append(journal: sqlite.SqliteJournal, acts: list[Record]) -> None:
    """Say what was found before anything else, if need be on the reserve."""
    try:
        journal.append(acts)
    except DiskFullError:
        journal.free_reserve()
        journal.append(acts)
