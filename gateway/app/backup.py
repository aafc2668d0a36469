"""A backup: copies of all stores that fit together, checked, in a folder of its own.

Delivery first, then the ledger after block K, then the journal, which reaches beyond K:
what is restored folds the rest again, and delivers at most a little twice, under the
same ids. The keyring is not in it.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import apsw
import msgspec

from gateway import __version__
from gateway.app import recovery
from gateway.app.paths import Paths
from gateway.app.refolding import chain_low
from gateway.crashpoints import reach
from gateway.durable import sync_directory, sync_file
from gateway.errors import DiskFullError, PermanentError, TransientError
from gateway.journal.auditing import Audit
from gateway.journal.copying import copy_journal
from gateway.journal.damage import Damage
from gateway.journal.verifying import Verification
from gateway.ledger.checkpoints import file_digest
from gateway.ledger.snapshot import Snapshot
from gateway.processing.upkeep.backups import InterruptedBackupError, TakenBackup
from gateway.reading.copying import copy_store, flaws, settle
from gateway.sealing import key_ids
from gateway.settings import Settings

MANIFEST: Final = "backup.json"
_UNFINISHED: Final = "unfinished"
_LOCK: Final = ".lock"
_RESERVE_BYTES: Final = 256 << 20
"""What stays free beside a copy: it may lie on the disk of the intake."""
_BREATH_S_MAX: Final = 1.0
_FULL: Final = "the disk of the backups is full: make room, or lower keep"


class Manifest(msgspec.Struct, frozen=True):
    """`backup.json`: what the folder holds, with the SHA-256 of each file."""

    version: str
    gateway_id: str
    taken_ms: int
    ledger_block: int
    journal_block: int
    fold_version: int | None
    key_ids: list[int]
    damages: int
    """Of the journal, known before: the copy holds what is left."""
    bytes: int
    files: dict[str, str]


class Backup:
    """Makes one after the other in `directory`, and keeps the newest of them."""

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._paths = Paths(settings)
        self._gateway_id = settings.gateway.id
        self._directory = directory
        self._keep = settings.backup.keep
        self._rest = rest
        self._interrupted = False
        self._breathed_s = 0.0

    def interrupt(self) -> None:
        """Let a `take` in another thread end soon, and every later one at once."""
        self._interrupted = True

    def take(self) -> TakenBackup:
        """Make one beside a gateway that runs, or that does not; for a thread.

        Raises:
            PermanentError: it cannot be made, or is not good; nothing is kept of it.
            TransientError: there is no room, or another one is being made.
            InterruptedBackupError: `interrupt` was called meanwhile.

        """
        self._refuse_without_recovery_key()
        try:
            self._directory.mkdir(parents=True, mode=0o700, exist_ok=True)
            with _only_one(self._directory):
                return self._taken()
        except apsw.FullError as error:
            raise DiskFullError(_FULL) from error
        except (apsw.Error, OSError) as error:
            raise PermanentError(
                f"{self._directory}: no backup can be made: {error}"
            ) from error

    def _refuse_without_recovery_key(self) -> None:
        if not self._paths.journal.exists():
            raise PermanentError(f"{self._paths.journal} does not exist: start first")
        saved = recovery.saved(self._paths.keyring).key_ids
        missing = [one for one in key_ids(self._paths.keyring) if one not in saved]
        if missing:
            raise PermanentError(
                f"key {missing[0]} was never exported, and a backup cannot be read"
                " without it: `evalgate keys export FILE`, then try again"
            )

    def _taken(self) -> TakenBackup:
        taken_ms = time.time_ns() // 1_000_000
        folder = self._directory / _UNFINISHED
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._need_room()
        self._breathed_s = time.monotonic()
        try:
            manifest = self._filled(folder, taken_ms)
            name = self._name()
            reach("backup.before_name")
            folder.rename(self._directory / name)
            sync_directory(self._directory)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._drop_old()
        return TakenBackup(name, taken_ms, manifest.journal_block, manifest.bytes)

    def _name(self) -> str:
        """By the second of its end; of two in one second the later takes the next."""
        end = datetime.now(UTC)
        while True:
            name = f"{self._gateway_id}-{end:%Y%m%dT%H%M%SZ}"
            if not (self._directory / name).exists():
                return name
            end += timedelta(seconds=1)

    def _filled(self, folder: Path, taken_ms: int) -> Manifest:
        paths = self._paths
        for source in (paths.delivery, paths.ledger):
            copy_store(source, folder / source.name, self._breathe)
        journal = folder / paths.journal.name
        copy_journal(paths.journal, journal, self._breathe)
        settle(journal)
        for small in (paths.session_mark, paths.tokens, paths.users):
            if small.exists():
                shutil.copy(small, folder / small.name)  # and for whose eyes it is
                sync_file(folder / small.name)
        manifest = self._checked(folder, taken_ms)
        path = folder / MANIFEST
        path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        sync_file(path)
        sync_directory(folder)
        return manifest

    def _checked(self, folder: Path, taken_ms: int) -> Manifest:
        """The manifest of what is good; PermanentError says what is not."""
        stores = [folder / self._paths.delivery.name, folder / self._paths.ledger.name]
        for store in stores:
            for flaw in flaws(store, self._breathe):
                raise PermanentError(f"{store.name} has flaws, run verify: {flaw}")
        journal = folder / self._paths.journal.name
        damaged = self._damaged(journal)
        if not damaged <= (self._damaged(self._paths.journal) if damaged else set()):
            raise PermanentError("the copy of the journal is damaged: check its disk")
        last = _fits(stores[1], journal)
        with Snapshot(stores[1]) as ledger:
            block, fold_version = ledger.block, ledger.fold_version()
        files = sorted(folder.iterdir())
        return Manifest(
            version=__version__,
            gateway_id=self._gateway_id,
            taken_ms=taken_ms,
            ledger_block=block,
            journal_block=last,
            fold_version=fold_version,
            key_ids=key_ids(self._paths.keyring),
            damages=len(damaged),
            bytes=sum(path.stat().st_size for path in files),
            files={path.name: file_digest(path, self._breathe) for path in files},
        )

    def _damaged(self, journal: Path) -> set[Damage]:
        """What is not as it was written; every header and body is looked at."""
        found: set[Damage] = set()
        with closing(Verification.open(journal)) as check:
            while not check.done:
                found.update(check.step())
                self._breathe()
        return found

    def _breathe(self) -> None:
        """Rest as long as the work since the last rest took: others come first."""
        if self._interrupted:
            raise InterruptedBackupError
        spent_s = time.monotonic() - self._breathed_s
        self._rest(min(spent_s, _BREATH_S_MAX))
        self._breathed_s = time.monotonic()

    def _need_room(self) -> None:
        paths = self._paths
        stores = (paths.delivery, paths.ledger, paths.journal)
        need = sum(path.stat().st_size for path in stores) + _RESERVE_BYTES
        free = shutil.disk_usage(self._directory).free
        if free < need:
            text = f"a backup needs {need >> 20} MiB, {free >> 20} MiB are free"
            raise DiskFullError(f"{self._directory}: {text}: make room, or lower keep")

    def _drop_old(self) -> None:
        for folder in backups_in(self._directory, self._gateway_id)[: -self._keep]:
            (folder / MANIFEST).unlink()  # first: half of one is none
            shutil.rmtree(folder)


def backups_in(directory: Path, gateway_id: str) -> list[Path]:
    """The whole ones of a gateway, the oldest first."""
    wanted = re.compile(re.escape(gateway_id) + r"-\d{8}T\d{6}Z")
    return sorted(
        path
        for path in directory.glob("*")
        if wanted.fullmatch(path.name) and (path / MANIFEST).exists()
    )


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    descriptor = os.open(
        directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        text = "another backup is being made there: wait for its end"
        raise TransientError(f"{directory}: {text}") from None
    finally:
        os.close(descriptor)


def _fits(ledger: Path, journal: Path) -> int:
    """The journal's last block; PermanentError when the ledger is not of it."""
    with Snapshot(ledger) as held, closing(Audit(journal)) as audit:
        header = audit.header(held.block)
        if header is None and held.block:
            raise PermanentError(f"no block {held.block} in the journal: run verify")
        if header and held.counters["chain_low"] != chain_low(header):
            raise PermanentError("the ledger follows another journal: run verify")
        return audit.last_number()
