"""`verify` on real files: it agrees after a run, and finds what was tampered with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.journal.damage import Gap
from gateway.journal.opening import Known
from gateway.processing import applying
from tests.support.stores import Stores

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    made.start()
    made.rate(20, blocks=5)
    made.append([])
    made.fold()
    yield made
    made.journal.close()


def test_it_agrees_after_a_run(stores: Stores) -> None:
    assert stores.failed() == []
    fold = stores.findings()[-1]
    assert fold.name == "fold"
    assert fold.detail.startswith("8 blocks from the beginning give the same")


def test_programs_are_told_as_it_goes(stores: Stores, capsys: Captured) -> None:
    assert main(["verify", "--lines", "--config", str(stores.config)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [one["finding"]["name"] for one in lines if "finding" in one]
    assert names == [finding.name for finding in stores.findings()]
    assert {"stage", "done", "total"} == lines[0]["progress"].keys()


def test_it_folds_from_the_checkpoint_on(stores: Stores) -> None:
    stores.checkpoint()
    stores.rate(20, blocks=2)
    stores.fold()
    assert stores.failed() == []
    assert stores.findings()[-1].detail.startswith("3 blocks since block 8 give")


def test_blocks_not_yet_folded_do_not_matter(stores: Stores) -> None:
    stores.rate(5)
    assert stores.failed() == []


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE rating SET level = 1 WHERE ordinal = 7", "rating"),
        ("DELETE FROM rating WHERE ordinal = 7", "rating"),
        ("INSERT INTO timer VALUES (1, 'deferral', '1')", "timer"),
        ("UPDATE session SET effective_place = NULL WHERE no = 3", "session"),
        ("DELETE FROM identity_1 WHERE event_id LIKE '%7'", "identity_1"),
        ("UPDATE personal SET digest = zeroblob(32)", "personal"),
        ("DELETE FROM personal", "personal"),
        ("UPDATE outbox SET body = (SELECT body FROM outbox LIMIT 1)", "outbox"),
        ("DELETE FROM outbox", "outbox"),
        ("DROP TABLE session_event", "session_event"),
    ],
)
def test_a_changed_ledger_is_found(stores: Stores, statement: str, table: str) -> None:
    stores.alter(statement)
    (finding,) = stores.failed()
    assert finding[0] == "fold"
    assert f"rows of {table} differ" in finding[1]


def test_a_finding_shows_no_bytes_and_counts_all_rows(stores: Stores) -> None:
    stores.alter("UPDATE personal SET digest = zeroblob(32)")
    ((_, detail),) = stores.failed()
    assert detail.startswith("33 rows of personal differ: place ")
    assert detail.count("digest is <32 bytes, ") == 5


def test_another_sealing_key_is_no_difference(stores: Stores) -> None:
    stores.alter("UPDATE personal SET key_id = 9, digest = zeroblob(32)")
    assert stores.failed() == []


def test_a_flipped_bit_in_a_body_is_found_and_what_it_means(stores: Stores) -> None:
    stores.journal.sql(
        "UPDATE block SET body = CAST(substr(body, 1, 40) || x'00'"
        " || substr(body, 42) AS BLOB) WHERE number = 4"
    )
    failed = stores.failed()
    assert ("chain", "block 4: the content is not what was written") in failed
    assert {name for name, _ in failed} == {"chain", "fold"}


def test_missing_last_blocks_are_found(stores: Stores) -> None:
    stores.journal.sql("DELETE FROM block WHERE number > 6")
    failed = stores.failed()
    assert ("chain", "blocks 7-8: gone without a record of it") in failed
    assert ("fold", "the ledger has folded block 8, the journal ends at 6") in failed


def test_a_truncated_journal_is_found(stores: Stores) -> None:
    with stores.paths.journal.open("r+b") as file:
        file.truncate(8192)
    failed = dict(stores.failed())
    assert failed["chain"].startswith("cannot be read")
    assert failed["fold"].startswith("cannot be read")


def test_blocks_that_went_after_they_were_folded_are_found_until_a_checkpoint(
    stores: Stores,
) -> None:
    stores.journal.sql("DELETE FROM block WHERE number > 6")
    opened = stores.journal.open([Known("ledger", 8, 100)])
    assert opened.gap == Gap(7, 9, "ledger")
    stores.journal.close()
    stores.rate(3)
    stores.fold()
    lost = "20 messages were in blocks that are gone since they were folded"
    assert stores.failed() == [("fold", lost)]
    stores.checkpoint()
    stores.rate(3)
    stores.fold()
    assert stores.failed() == []


def test_another_journal_of_the_same_length_is_found(
    stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Stores(tmp_path_factory.mktemp("other"))
    other.journal.clock.advance(5)
    other.start()
    other.rate(20, blocks=5)
    other.append([])
    stores.paths.journal.write_bytes(other.paths.journal.read_bytes())
    failed = stores.failed()
    assert ("chain", "block 8: another block of this number was there once") in failed
    assert ("fold", "block 8 is not the one that the ledger has folded") in failed


def test_a_fate_taken_away_is_found_twice(stores: Stores) -> None:
    stores.alter("UPDATE fate SET elements = elements - 1 WHERE name = 'accepted'")
    assert {name for name, _ in stores.failed()} == {"fates", "fold"}


def test_a_checkpoint_that_was_altered_is_found_and_not_used(stores: Stores) -> None:
    taken = stores.checkpoint()
    path = stores.paths.checkpoints / taken.file
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    assert stores.failed() == [("checkpoint", "8.db is gone, or not what was recorded")]
    assert "from the beginning" in stores.findings()[-1].detail


def test_after_a_prune_the_checkpoint_carries_the_proof(stores: Stores) -> None:
    stores.checkpoint()
    stores.rate(5, blocks=2)
    stores.fold()
    journal = stores.journal.open().journal
    assert journal.prune(8, 100) == 7
    stores.journal.close()
    assert stores.failed() == []
    stores.alter("UPDATE rating SET seq = 4 WHERE ordinal = 3")
    assert [name for name, _ in stores.failed()] == ["fold"]


def test_without_its_checkpoint_a_pruned_journal_proves_nothing(
    stores: Stores,
) -> None:
    taken = stores.checkpoint()
    stores.journal.open().journal.prune(5, 100)
    stores.journal.close()
    (stores.paths.checkpoints / taken.file).unlink()
    assert [name for name, _ in stores.failed()] == ["checkpoint", "checkpoint"]


def test_a_ledger_of_another_fold_version_is_not_compared(
    stores: Stores,
) -> None:
    stores.act("gateway_started", {"fold_version": applying.FOLD_VERSION + 1})
    stores.fold()
    ((name, detail),) = stores.failed()
    assert name == "checkpoint"
    assert "verify with the version that runs" in detail


def test_an_outbox_pruned_at_its_old_end_is_no_difference(stores: Stores) -> None:
    stores.let_pass(hours=25)
    stores.rate(2)
    stores.fold()
    stores.alter("DELETE FROM outbox WHERE block < 6")
    assert stores.failed() == []


def test_the_verb_says_it_in_words_and_by_its_exit_code(
    stores: Stores, capsys: Captured
) -> None:
    command = ["verify", "--config", str(stores.config)]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  ", "ok  ", "ok  "]
    stores.alter("DELETE FROM rating")
    assert main([*command, "--json"]) == 1
    body = json.loads(capsys.readouterr().out)
    assert not body["ok"]
    assert [one["name"] for one in body["findings"]] == ["chain", "fates", "fold"]
