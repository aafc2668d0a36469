"""A backup taken beside a gateway, and a gateway made of it again."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.app import backup, recovery, restoring
from gateway.app.backup import Backup, backups_in
from gateway.app.restoring import restore
from gateway.errors import DiskFullError, PermanentError, TransientError
from gateway.journal.sqlite import SqliteJournalReader
from gateway.processing.upkeep.backups import InterruptedBackupError
from gateway.reading import copying
from gateway.settings import load_settings
from gateway.tokens import Tokens
from gateway.users import Grant, Users
from tests.support.journals import KEYRING
from tests.support.stores import Stores


class Place:
    """A stopped gateway with some ratings, its key exported."""

    def __init__(self, root: Path) -> None:
        self.stores = Stores(root)
        self.stores.start()
        self.stores.rate(4, blocks=3)
        self.stores.fold()
        self.directory = root / "backups"
        self.settings = load_settings(self.stores.config)
        self.paths = self.stores.paths
        recovery.export(self.paths.keyring, root / "recovery.key")

    def backup(self, rest: Callable[[float], None] = lambda _: None) -> Backup:
        return Backup(self.settings, self.directory, rest)

    def take(self) -> Path:
        return self.directory / self.backup().take().name

    def lose(self) -> None:
        """The disk of the data is gone."""
        self.stores.journal.close()
        shutil.rmtree(self.paths.data_dir)

    def records(self) -> int:
        reader = SqliteJournalReader.open(self.paths.journal, KEYRING)
        blocks = reader.blocks(0, 10_000)
        reader.close()
        return sum(len(records or ()) for _, records in blocks)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.stores.journal.close()


def test_a_restored_gateway_is_proved_and_goes_on_in_another_generation(
    place: Place,
) -> None:
    before = place.records()
    folder = place.take()
    place.stores.rate(4)
    place.lose()
    manifest, generation = restore(folder, place.paths)
    assert (manifest.ledger_block, generation) == (manifest.journal_block, 2)
    assert place.records() == before + 2, "and what tells of the restore"
    place.stores.fold()
    assert place.stores.failed() == []
    (text,) = place.stores.ask("SELECT text FROM alert WHERE cause = 'restored'")[0]
    assert f"restored from the backup {folder.name}" in str(text)
    place.stores.rate(4)
    place.stores.fold()
    assert place.stores.failed() == []


def test_tokens_and_users_let_in_after_the_restore_whoever_may_read_the_backup(
    place: Place,
) -> None:
    paths, password = place.paths, "correct horse battery"
    token = Tokens(paths.tokens).create("till", ["read"], None, 0)
    Users(paths.users).create("li", password, Grant("viewer"), 0)
    folder = place.take()
    place.lose()
    for name in (paths.tokens.name, paths.users.name):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        (folder / name).chmod(0o644)
    restore(folder, paths)
    assert Tokens(paths.tokens).find(token) is not None
    assert Users(paths.users).verified("li", password) is not None


def test_what_the_ledger_had_not_folded_yet_is_folded_after_the_restore(
    place: Place,
) -> None:
    place.stores.rate(4, blocks=3)
    folder = place.take()
    place.lose()
    manifest, _ = restore(folder, place.paths)
    assert manifest.journal_block == manifest.ledger_block + 3
    place.stores.fold()
    assert place.stores.failed() == []
    assert place.stores.ask("SELECT count(*) FROM rating") == [(24,)]


def test_a_pruned_journal_can_still_be_proved_after_the_restore(place: Place) -> None:
    taken = place.stores.checkpoint()
    journal = place.stores.journal.open().journal
    journal.prune(taken.block, 1000)
    folder = place.take()
    place.lose()
    restore(folder, place.paths)
    place.stores.fold()
    assert place.stores.failed() == []


def test_a_backup_taken_while_all_stores_are_written_fits_together(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the copy is followed by a block that is folded at once."""
    monkeypatch.setattr(copying, "PAGES_A_STEP", 16)
    steps = 0

    def write(_: float) -> None:
        nonlocal steps
        steps += 1
        if steps <= 60:  # also while the journal is copied, which is not chased
            place.stores.rate(2)
            place.stores.fold()

    folder = place.directory / place.backup(write).take().name
    assert 5 < steps < 60
    place.lose()
    manifest, _ = restore(folder, place.paths)
    assert manifest.ledger_block < manifest.journal_block
    place.stores.fold()
    assert place.stores.failed() == []


def test_without_an_exported_key_nothing_is_copied(place: Place) -> None:
    place.paths.keyring.with_name("keyring.saved").unlink()
    with pytest.raises(PermanentError, match=r"key 1 was never exported.*keys export"):
        place.take()
    assert not place.directory.exists()


def test_only_the_newest_are_kept_and_what_a_crash_left_goes(place: Place) -> None:
    place.directory.mkdir()
    kept = place.settings.backup.keep
    for day in range(1, kept + 2):
        old = place.directory / f"evalgate-202601{day:02}T000000Z"
        old.mkdir()
        (old / backup.MANIFEST).touch()
    (place.directory / "evalgate-notes").mkdir()
    (place.directory / "unfinished").mkdir()
    place.take()
    names = [path.name for path in backups_in(place.directory, "evalgate")]
    assert len(names) == kept
    assert names[0] == "evalgate-20260103T000000Z"
    assert (place.directory / "evalgate-notes").exists()
    assert not (place.directory / "unfinished").exists()


def test_of_two_that_end_in_one_second_both_are_kept(place: Place) -> None:
    place.directory.mkdir()
    now = datetime.now(UTC)
    seconds = [now + timedelta(seconds=past) for past in range(600)]
    taken = [f"evalgate-{one:%Y%m%dT%H%M%SZ}" for one in seconds]
    for name in taken:
        (place.directory / name).mkdir()
        (place.directory / name / "theirs").touch()
    name = place.take().name
    assert name > taken[-1]
    assert all((place.directory / old / "theirs").exists() for old in taken)


def test_two_at_once_do_not_meet(place: Place) -> None:
    def second(_: float) -> None:
        with pytest.raises(TransientError, match="another backup is being made"):
            place.take()

    place.backup(second).take()


def test_one_that_is_interrupted_leaves_nothing(place: Place) -> None:
    making = place.backup()
    making.interrupt()
    with pytest.raises(InterruptedBackupError):
        making.take()
    assert [path.name for path in place.directory.iterdir()] == [".lock"]


def test_a_disk_without_room_is_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_RESERVE_BYTES", 1 << 60)
    with pytest.raises(DiskFullError, match=r"MiB are free: make room, or lower keep"):
        place.take()


def test_what_was_damaged_before_is_kept_as_it_is_and_counted(place: Place) -> None:
    place.stores.journal.sql("UPDATE block SET body = x'00' WHERE number = 4")
    folder = place.take()
    assert '"damages": 1' in (folder / backup.MANIFEST).read_text()


def test_a_ledger_of_another_journal_is_no_backup(place: Place) -> None:
    place.stores.alter("UPDATE state SET value = 7 WHERE name = 'chain_low'")
    with pytest.raises(PermanentError, match="follows another journal: run verify"):
        place.take()


def flip(folder: Path) -> None:
    path = folder / "ledger.db"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def rename(folder: Path) -> None:
    path = folder / backup.MANIFEST
    path.write_text(path.read_text().replace('"ledger.db"', '"../ledger.db"'))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (flip, "ledger.db is not what was written: take another backup"),
        (rename, "names files elsewhere"),
        (lambda folder: (folder / "journal.db").unlink(), "No such file"),
        (lambda folder: (folder / "backup.json").unlink(), "no whole backup"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_made(
    place: Place, damage: Callable[[Path], None], told: str
) -> None:
    folder = place.take()
    place.lose()
    damage(folder)
    with pytest.raises(PermanentError, match=told):
        restore(folder, place.paths)
    assert not place.paths.data_dir.exists()


def test_a_restore_cut_short_is_no_gateway_and_is_begun_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: str) -> None:
        raise KeyboardInterrupt

    folder = place.take()
    place.lose()
    monkeypatch.setattr(restoring, "reach", die)
    with pytest.raises(KeyboardInterrupt):
        restore(folder, place.paths)
    monkeypatch.undo()
    assert not place.paths.journal.exists()
    _, generation = restore(folder, place.paths)
    assert generation == 2
    assert not place.paths.restoring.exists()


def test_a_directory_in_use_is_not_restored_into(place: Place) -> None:
    folder = place.take()
    with pytest.raises(PermanentError, match=r"journal\.db exists: move .* away"):
        restore(folder, place.paths)


def test_without_its_key_nothing_is_restored(place: Place) -> None:
    folder = place.take()
    place.lose()
    place.paths.keyring.unlink()
    with pytest.raises(PermanentError, match=r"put the exported copy back"):
        restore(folder, place.paths)
    assert not place.paths.keyring.exists(), "no new one is made in its place"
