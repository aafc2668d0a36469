"""What would differ had other rules been in force: the journal folded into a scratch.

The journal and the ledger are read as they are, beside a gateway that runs. Until FROM
all is folded as it was; there the other rules, calendars and profiles come into force,
and stay, whatever the journal says of its own. Nothing is written into the data
directory, nothing is delivered; the scratch is removed at the end.
"""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from gateway.app.comparing import Differences, FigureDifference, figures, gathered
from gateway.app.paths import Paths
from gateway.app.refolding import Base, Refold, doubt_of_end
from gateway.app.wanted import wanted
from gateway.errors import PermanentError
from gateway.journal.auditing import Audit
from gateway.ledger import differing
from gateway.ledger.checkpoints import is_sound
from gateway.ledger.snapshot import Snapshot
from gateway.ports import Block
from gateway.processing.applying import FOLD_VERSION, Wanted
from gateway.processing.rehearsing import Supposed, fold_versions
from gateway.sealing import Keyring, open_keyring
from gateway.settings import Settings

LOG_BYTES: Final = 64 << 20
"""What the engine's own log of the scratch may take beside it."""
ROOM: Final = 2
"""The disk must have so many times what a scratch needs: the intake comes first."""
_DAMAGED: Final = ("quarantined", "block_damaged")

Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is (0: not known)."""


class Asked(NamedTuple):
    """Half-open, in ms; `scratch` is where a second ledger may lie for a while."""

    from_ms: int
    to_ms: int
    scratch: Path


class Room(NamedTuple):
    """Bytes that the scratch needs, and that are free where it is to lie."""

    needed: int
    free: int


class Rehearsed(NamedTuple):
    """What would differ; `remarks` are what a reader has to know beside it."""

    sessions: Differences
    ratings: Differences
    figures: list[FigureDifference]
    fates: dict[str, tuple[int, int]]
    remarks: list[str]
    block: int
    messages: int
    seconds: float

    @property
    def differs(self) -> bool:
        return bool(
            self.sessions.total or self.ratings.total or self.figures or self.fates
        )


class Rehearsal(Refold):
    """A fold in which other rules come into force with the first block of `from_ms`."""

    def __init__(
        self, folder: Path, paths: Paths, keyring: Keyring, base: Path | None
    ) -> None:
        super().__init__(folder, paths.journal, keyring, base)
        self.folder = folder
        self.versions: set[int] = set()
        self._supposed: Supposed | None = None
        self._from_ms = 0
        self._begun = False

    def suppose(self, other: Wanted, from_ms: int) -> None:
        self._supposed, self._from_ms = Supposed(other), from_ms

    @property
    def messages(self) -> int:
        """Folded so far, beyond the base."""
        return self.fold.state.messages - self.base_received

    def take(self, blocks: Sequence[Block]) -> None:
        self.versions |= fold_versions(blocks)
        assert self._supposed is not None, "nothing is supposed yet"
        as_it_was = [b for b in blocks if b.header.appended_ms < self._from_ms]
        if as_it_was:
            super().take(as_it_was)
        others = blocks[len(as_it_was) :]
        if others and not self._begun:
            self._begun = True
            self.fold.suppose(self._supposed.records(self.fold.state))
        if others:
            super().take([self._supposed.instead(block) for block in others])


def room(settings: Settings, scratch: Path) -> Room:
    """What a rehearsal needs on disk.

    Raises:
        PermanentError: there is nothing to rehearse, or the scratch cannot be there.

    """
    paths = Paths(settings)
    for path in (paths.journal, paths.keyring, paths.ledger):
        if not path.exists():
            raise PermanentError(f"{path} does not exist: nothing can be rehearsed")
    if not scratch.is_dir():
        raise PermanentError(f"{scratch} is no directory: choose another --scratch")
    if scratch.resolve().is_relative_to(paths.data_dir.resolve()):
        raise PermanentError(f"{scratch} is in the data directory: choose another")
    files = (paths.ledger, paths.ledger.with_name("ledger.db-wal"))
    needed = LOG_BYTES + sum(one.stat().st_size for one in files if one.exists())
    return Room(needed, shutil.disk_usage(scratch).free)


def rehearse(settings: Settings, asked: Asked, progress: Progress) -> Rehearsed:
    """Fold again and compare.

    Raises:
        PermanentError: it cannot be rehearsed from there, or there is no room.

    """
    found, paths = room(settings, asked.scratch), Paths(settings)
    if found.free < ROOM * found.needed:
        text = f"{asked.scratch} has {_mib(found.free)} free, a rehearsal needs"
        text = f"{text} {_mib(found.needed)} and leaves as much: choose a --scratch"
        raise PermanentError(text)
    other, keyring = wanted(settings), open_keyring(paths.keyring)
    try:
        with _scratch(asked.scratch) as folder:
            base = _base(paths, asked.from_ms)
            with closing(Rehearsal(folder, paths, keyring, base.file)) as again:
                again.suppose(other, asked.from_ms)
                return _rehearsed(paths, again, asked, other, progress)
    except (apsw.FullError, OSError) as error:
        raise PermanentError(f"{asked.scratch}: {error}") from error
    except apsw.Error as error:
        raise PermanentError(f"the stores cannot be read: {error}") from error


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    name = tempfile.TemporaryDirectory(prefix="evalgate-rehearsal-", dir=parent)
    with name as folder:
        yield Path(folder)


def _base(paths: Paths, from_ms: int) -> Base:
    """The checkpoint if FROM comes after it, else nothing: from the first block."""
    with Snapshot(paths.ledger) as ledger, closing(Audit(paths.journal)) as audit:
        checkpoint, whole = ledger.checkpoint(), audit.first_number() == 1
        version = ledger.fold_version()
    if version not in {None, FOLD_VERSION}:
        text = f"the ledger was folded by fold version {version}, this is"
        raise PermanentError(f"{text} {FOLD_VERSION}: rehearse with what runs")
    usable = (
        checkpoint is not None
        and checkpoint.fold_version == FOLD_VERSION
        and is_sound(checkpoint, paths.checkpoints)
    )
    if checkpoint is not None and usable and checkpoint.at_ms <= from_ms:
        return Base(paths.checkpoints / checkpoint.file)
    if whole:
        return Base(None)
    if checkpoint is None or not usable:
        text = "the journal was pruned, and no checkpoint is left to fold from"
        raise PermanentError(f"{text}: rehearse after the next checkpoint")
    since = datetime.fromtimestamp(checkpoint.at_ms // 1000 + 1, UTC).isoformat()
    text = "the journal was pruned: it can be rehearsed from"
    raise PermanentError(f"{text} {since} on, after block {checkpoint.block}")


def _rehearsed(
    paths: Paths, again: Rehearsal, asked: Asked, other: Wanted, progress: Progress
) -> Rehearsed:
    begun_s = time.monotonic()
    with Snapshot(paths.ledger) as ledger:
        block, tables = ledger.block, _other_tables(ledger, other)
        damaged = ledger.elements(*_DAMAGED)
    total = block - again.block

    def folded(blocks: int) -> None:
        if shutil.disk_usage(again.folder).free < LOG_BYTES:
            raise PermanentError(f"{again.folder}: the disk is nearly full; stopped")
        progress("fold", blocks, total)

    again.up_to(block, folded)
    beside = again.folder / "ledger.db"
    with Snapshot(paths.ledger, beside) as ledger:
        again.up_to(ledger.block, folded)
        with closing(Audit(paths.journal)) as audit:
            _check_end(ledger, audit, again)
        took_s = time.monotonic() - begun_s
        damaged = again.fold.state.fates[_DAMAGED] - ledger.elements(*_DAMAGED)
        if damaged > 0:
            text = f"{damaged} messages can be read no more: `verify` names the blocks"
            raise PermanentError(text)
        progress("compare", 0, 0)
        span = (asked.from_ms, asked.to_ms)
        connection = ledger.connection
        return Rehearsed(
            gathered(differing.sessions(connection, *span)),
            gathered(differing.ratings(connection, *span)),
            figures(connection, again.connection, *span),
            differing.fates(connection),
            [*tables, *_remarks(again)],
            ledger.block,
            again.messages,
            took_s,
        )


def _check_end(ledger: Snapshot, audit: Audit, again: Rehearsal) -> None:
    """Raises PermanentError when what was folded is not what the ledger folded."""
    doubt = doubt_of_end(ledger, audit, again)
    if doubt is None and audit.first_number() > again.base + 1:
        doubt = "the journal was pruned meanwhile: rehearse again"
    if doubt is not None:
        raise PermanentError(f"{doubt}; what differs would not be due to rules")


def _other_tables(ledger: Snapshot, other: Wanted) -> Iterator[str]:
    """What the other configuration has otherwise, and is not rehearsed."""
    names = [
        table.name
        for table in other.tables
        if ledger.setting(f"table:{table.name}") not in {None, table.digest}
    ]
    return (f"the table {name} differs and is not rehearsed" for name in names)


def _remarks(again: Rehearsal) -> Iterator[str]:
    yield "broker, fleet tables, sinks and retention are not rehearsed"
    others = sorted(again.versions - {FOLD_VERSION})
    if others:
        told = ", ".join(map(str, others))
        text = f"parts of the journal were folded by fold version {told}, this is"
        yield f"{text} {FOLD_VERSION}: what differs there may be due to that"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MiB"


def counted_flags(found: Differences) -> dict[str, tuple[int, int]]:
    """By flag: of the ratings that differ, how many had it and would have it."""
    before, after = Counter(found.flags_before), Counter(found.flags_after)
    names = sorted({*before, *after})
    counted = {name: (before[name], after[name]) for name in names}
    return {name: pair for name, pair in counted.items() if pair[0] != pair[1]}
