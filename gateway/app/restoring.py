"""A backup put into an empty data directory: another generation of the same gateway.

All is made ready beside and then named, the journal last, so that what was cut short
is no gateway and is begun again. The journal's first new block tells of the restore,
and brings the ledger of the backup into force as a checkpoint: the proof of what
follows begins there.
"""

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.app.backup import MANIFEST, Manifest
from gateway.app.journal import open_own_journal
from gateway.app.paths import Paths
from gateway.clock import SystemClock
from gateway.crashpoints import reach
from gateway.durable import sync_directory, sync_file
from gateway.errors import DiskFullError, PermanentError
from gateway.journal.copying import raise_generation
from gateway.ledger.checkpoints import Checkpoint, file_digest
from gateway.ledger.snapshot import Snapshot
from gateway.ports import Record, RecordKind
from gateway.processing.acts.backups import RESTORED, Restored
from gateway.sealing import Keyring, open_keyring
from gateway.supervisor import directory_lock, prepare

_OWN_EYES: Final = 0o600
"""Tokens and users that others may read are refused (`gateway.credentials`)."""

_ROOM: Final = 2
"""The ledger lies there twice: in use, and as the checkpoint to prove it from."""


def restore(folder: Path, paths: Paths) -> tuple[Manifest, int]:
    """What was restored, and the generation that begins.

    Raises:
        PermanentError: not a whole backup, no key for it, or a directory in use.
        DiskFullError: there is not room enough.

    """
    manifest = read_manifest(folder)
    keyring = _keyring(paths, manifest)
    check_files(folder, manifest)
    prepare(paths.data_dir)
    with directory_lock(paths.data_dir):
        try:
            _drop_unfinished(paths)
            _refuse_to_overwrite(paths)
            _need_room(folder, paths.data_dir)
            generation = _prepared(folder, manifest, paths, keyring)
            _name(manifest, paths)
        except OSError as error:
            raise PermanentError(f"{paths.data_dir}: {error}") from error
        return manifest, generation


def taken_at(manifest: Manifest) -> str:
    """When it was begun, in RFC 3339."""
    at = datetime.fromtimestamp(manifest.taken_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        PermanentError: there is none.

    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        if all(Path(name).name == name for name in manifest.files):
            return manifest
        text = f"{path}: names files elsewhere"
    except FileNotFoundError:
        text = f"{folder} is no whole backup: it has no {MANIFEST}"
    except (OSError, msgspec.MsgspecError) as error:
        text = f"{path}: {error}"
    raise PermanentError(f"{text}: name the folder of one")


def check_files(
    folder: Path, manifest: Manifest, go_on: Callable[[], None] = lambda: None
) -> None:
    """Raises PermanentError for the first file that is not what was written."""
    for name, digest in manifest.files.items():
        try:
            found = file_digest(folder / name, go_on)
        except OSError as error:
            raise PermanentError(
                f"{folder / name}: {error.strerror}: take another backup"
            ) from error
        if found != digest:
            raise PermanentError(
                f"{folder / name} is not what was written: take another backup"
            )


def _keyring(paths: Paths, manifest: Manifest) -> Keyring:
    advice = "put the exported copy back (recovery.key, mode 600)"
    if not paths.keyring.exists():
        raise PermanentError(f"{paths.keyring} does not exist: {advice}")
    keyring = open_keyring(paths.keyring)
    for key_id in manifest.key_ids:
        if not keyring.holds(key_id):
            raise PermanentError(f"{paths.keyring} lacks key {key_id}: {advice}")
    return keyring


def _refuse_to_overwrite(paths: Paths) -> None:
    for path in (paths.journal, paths.ledger, paths.delivery, paths.checkpoints):
        if path.exists():
            raise PermanentError(
                f"{path} exists: move {paths.data_dir} away, a restore begins empty"
            )


def _need_room(folder: Path, data_dir: Path) -> None:
    sizes = [path.stat().st_size for path in folder.iterdir()]
    need = _ROOM * sum(sizes)
    free = shutil.disk_usage(data_dir).free
    if free < need:
        text = f"a restore needs {need >> 20} MiB, {free >> 20} MiB are free"
        raise DiskFullError(f"{data_dir}: {text}: make room")


def _prepared(folder: Path, manifest: Manifest, paths: Paths, keyring: Keyring) -> int:
    """Make the whole of it beside; the generation that begins."""
    paths.restoring.mkdir(mode=0o700)
    coming = paths.below(paths.restoring)
    for name in manifest.files:
        own = coming.data_dir / name
        shutil.copyfile(folder / name, own)
        own.chmod(_OWN_EYES)  # backups wander: over a share or a stick they lose theirs
        sync_file(own)
    checkpoint = _checkpoint(manifest, coming)
    generation = raise_generation(coming.journal)
    told = Restored(folder.resolve().name, taken_at(manifest), generation)
    _begin(told, checkpoint, coming, keyring)
    return generation


def _name(manifest: Manifest, paths: Paths) -> None:
    """Put in place what was made ready: only the journal makes it a gateway."""
    coming = paths.below(paths.restoring)
    if coming.checkpoints.exists():
        coming.checkpoints.replace(paths.checkpoints)
    for name in manifest.files.keys() - {paths.journal.name}:
        (coming.data_dir / name).replace(paths.data_dir / name)
    sync_directory(paths.data_dir)
    reach("restore.before_journal")
    coming.journal.replace(paths.journal)
    sync_directory(paths.data_dir)
    shutil.rmtree(coming.data_dir)


def _drop_unfinished(paths: Paths) -> None:
    """What a restore left that was cut short: it began empty, all there is its own."""
    if not paths.restoring.exists() or paths.journal.exists():
        return
    for store in (paths.ledger, paths.delivery):
        store.unlink(missing_ok=True)
    if paths.checkpoints.exists():
        shutil.rmtree(paths.checkpoints)
    shutil.rmtree(paths.restoring)


def _checkpoint(manifest: Manifest, coming: Paths) -> Checkpoint | None:
    """The ledger as a checkpoint; None when nothing was ever folded."""
    with Snapshot(coming.ledger) as held:
        block, at_ms = held.block, held.counters["now_ms"]
    if not block or manifest.fold_version is None:
        return None
    coming.checkpoints.mkdir(mode=0o700)
    path = coming.checkpoints / f"{block}.db"
    shutil.copyfile(coming.ledger, path)
    sync_file(path)
    sync_directory(coming.checkpoints)
    digest = manifest.files[coming.ledger.name]
    return Checkpoint(block, path.name, digest, at_ms, manifest.fold_version)


def _begin(
    told: Restored, checkpoint: Checkpoint | None, coming: Paths, keyring: Keyring
) -> None:
    """Append what tells of it; closed, the journal is one file."""
    now_ms = time.time_ns() // 1_000_000
    records = [_act(RESTORED, told, now_ms)]
    if checkpoint is not None:
        records.append(_act("checkpoint_taken", checkpoint, now_ms))
    journal = open_own_journal(coming, keyring, SystemClock()).journal
    try:
        journal.append(records)
    finally:
        journal.close()
    sync_directory(coming.data_dir)


def _act(name: str, data: msgspec.Struct, now_ms: int) -> Record:
    author = {"author": f"cli uid {os.getuid()}"} if name == RESTORED else {}
    payload = msgspec.json.encode({**msgspec.structs.asdict(data), **author})
    return Record(RecordKind.ACT.value, name, payload, now_ms)
