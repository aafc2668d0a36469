"""Proof from the data: the chain, the counts, and the ledger against another fold.

May run beside a living gateway: stores are read against the data path, so that what
moves meanwhile is never counted as missing. It writes only in a folder of its own.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import apsw

from gateway.app.paths import Paths
from gateway.app.refolding import Refold, base_of, doubt_of_end
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.errors import JournalBrokenError, PermanentError
from gateway.journal.auditing import Audit
from gateway.journal.queries import SqliteJournalQueries
from gateway.journal.redacting import BLOCK_REDACTED, tells_of
from gateway.journal.salvage import ILLEGIBLE
from gateway.journal.sqlite import SqliteJournalReader
from gateway.journal.table import Redaction
from gateway.journal.verifying import Verification
from gateway.ledger.comparison import compare
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.ledger.snapshot import Snapshot
from gateway.observability.health import Finding
from gateway.ports import RecordKind
from gateway.queries import DeliveryQueries, LedgerQueries
from gateway.queries.asking import QueryDeadlineError
from gateway.queries.journal import JournalQueries
from gateway.queries.rows import OwedEvents, SinkRow
from gateway.reading import Reader
from gateway.sealing import Keyring, open_keyring

Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and how much there is (0: not known)."""

_COUNTINGS_MAX: Final = 200
"""Answers that counting a backlog may take: some hundred million events."""

_DAMAGES: Final = {
    "chain": "the header is not the one that was written",
    "body": "the content is not what was written",
    "missing": "gone without a record of it",
    "replaced": "another block of this number was there once",
    "mark": "the high-water mark is spoilt",
}
_BECAUSE: Final = (
    "the blocks named above cannot be folded again as they were;"
    " the ledger keeps what it had made of them"
)
_UNREADABLE: Final = (*ILLEGIBLE, apsw.Error, JournalBrokenError)


def _silent(_stage: str, _done: int, _total: int) -> None:
    return


def verify(paths: Paths, progress: Progress = _silent) -> Iterator[Finding]:
    """Findings as they are made; a failed one says what differs.

    Raises PermanentError or TransientError when a store cannot be read at all.
    """
    if not paths.journal.exists():
        raise PermanentError(f"{paths.journal} does not exist: nothing was ever kept")
    if not paths.keyring.exists():
        raise PermanentError(f"{paths.keyring} does not exist: nothing can be opened")
    sound = True
    for finding in check_chain(paths, progress):
        sound = sound and finding.ok
        yield finding
    keyring = open_keyring(paths.keyring)
    yield from check_redactions(paths, keyring)
    yield from check_counts(paths)
    rows_differ = False
    for finding in check_fold(paths, keyring, progress):
        rows_differ = rows_differ or (not finding.ok and " differ: " in finding.detail)
        yield finding
    if not sound and rows_differ:
        yield Finding("fold", ok=False, detail=_BECAUSE)


def check_chain(paths: Paths, progress: Progress = _silent) -> Iterator[Finding]:
    """Every header follows the one before, every body is what its header promised.

    The high-water mark knows how far the journal reached at least.
    """
    try:
        yield from _walk(paths, progress)
    except _UNREADABLE as error:
        yield Finding("chain", ok=False, detail=f"cannot be read: {error}")


def _walk(paths: Paths, progress: Progress) -> Iterator[Finding]:
    with closing(Audit(paths.journal)) as audit:
        damages = audit.contradictions()
        total = audit.blocks()
    with closing(Verification.open(paths.journal)) as verification:
        sound = not damages
        while not verification.done:
            damages += verification.step()
            for kind, first, last in damages:
                sound = False
                where = f"block {first}" if first == last else f"blocks {first}-{last}"
                detail = f"{where}: {_DAMAGES.get(kind, kind)}"
                yield Finding("chain", ok=False, detail=detail)
            damages = []
            progress("chain", verification.blocks, total)
        if sound:
            text = f"{verification.blocks} blocks, headers and bodies"
            yield Finding("chain", ok=True, detail=text)


def check_redactions(paths: Paths, keyring: Keyring) -> Iterator[Finding]:
    """Every body that took the place of another is told of by a record."""
    try:
        with closing(Audit(paths.journal)) as audit:
            redactions = audit.redactions()
        if redactions:
            yield _legitimate(redactions, paths, keyring)
    except _UNREADABLE as error:
        yield Finding("redactions", ok=False, detail=f"cannot be read: {error}")


def _legitimate(redactions: list[Redaction], paths: Paths, keyring: Keyring) -> Finding:
    with closing(SqliteJournalReader.open(paths.journal, keyring)) as reader:
        foreign = [one.block for one in redactions if not _is_told(one, reader)]
    if foreign:
        text = f"block {foreign[0]}: no record says that it was redacted"
        more = f" ({len(foreign)} such blocks)" if len(foreign) > 1 else ""
        return Finding("redactions", ok=False, detail=text + more)
    text = f"{len(redactions)} blocks redacted, each told of by a record"
    return Finding("redactions", ok=True, detail=text)


def _is_told(redaction: Redaction, reader: SqliteJournalReader) -> bool:
    for header, records in reader.blocks(redaction.told - 1, 1):
        return header.number == redaction.told and any(
            record.kind == RecordKind.ACT
            and record.topic == BLOCK_REDACTED
            and tells_of(record, redaction)
            for record in records or ()
        )
    return False


def check_counts(paths: Paths) -> Iterator[Finding]:
    """What was received has a fate, what was addressed is delivered, owed or dead."""
    try:
        yield from _counted(paths)
    except _UNREADABLE as error:
        yield Finding("counts", ok=False, detail=f"cannot be read: {error}")


def _counted(paths: Paths) -> Iterator[Finding]:
    with (
        closing(Reader(paths.journal)) as journal,
        closing(Reader(paths.ledger)) as ledger,
        closing(Reader(paths.delivery)) as delivery,
    ):
        ledger_queries = SqliteLedgerQueries(ledger)
        yield check_fates(SqliteJournalQueries(journal, paths.journal), ledger_queries)
        yield from check_sinks(ledger_queries, SqliteDeliveryQueries(delivery))


def check_fates(journal: JournalQueries, ledger: LedgerQueries) -> Finding:
    """What ingress counted into the headers against what the fold made of it."""
    fates = ledger.fates()
    received = journal.received(fates.processed_block) + fates.extra
    total = fates.total()
    text = (
        f"received {received}, sum of fates {total}, at block {fates.processed_block}"
    )
    return Finding("fates", ok=received == total, detail=text)


def check_sinks(
    ledger: LedgerQueries, deliveries: DeliveryQueries
) -> Iterator[Finding]:
    """For each sink: addressed = delivered + owed + dead, owed counted one by one."""
    sinks = deliveries.sinks()
    for sink, events in zip(sinks, _owed(ledger, sinks), strict=True):
        settled = sink.delivered + sink.dead
        text = (
            f"addressed {events.addressed}, delivered {sink.delivered},"
            f" owed {events.owed}, dead {sink.dead}"
        )
        agrees = events.addressed == settled + events.owed
        yield Finding(f"sink {sink.name}", ok=agrees, detail=text)


def _owed(ledger: LedgerQueries, sinks: list[SinkRow]) -> list[OwedEvents]:
    """A long backlog is counted in several answers, each going on from the last."""
    cursors = [sink.cursor for sink in sinks]
    for _ in range(_COUNTINGS_MAX):
        try:
            return ledger.owed(cursors)
        except QueryDeadlineError:
            continue
    return ledger.owed(cursors)


def check_fold(
    paths: Paths, keyring: Keyring, progress: Progress = _silent
) -> Iterator[Finding]:
    """Fold the journal again and compare; most of it before the ledger is held."""
    try:
        with tempfile.TemporaryDirectory(prefix="evalgate-verify-") as folder:
            yield from _folded_again(paths, keyring, Path(folder), progress)
    except (apsw.FullError, OSError) as error:
        text = "the temporary directory cannot take a second ledger: set TMPDIR"
        raise PermanentError(f"{text} ({error})") from error
    except _UNREADABLE as error:
        yield Finding("fold", ok=False, detail=f"cannot be read: {error}")


def _folded_again(
    paths: Paths, keyring: Keyring, folder: Path, progress: Progress
) -> Iterator[Finding]:
    with Snapshot(paths.ledger) as ledger, closing(Audit(paths.journal)) as audit:
        block = ledger.block
        base, doubts = base_of(ledger, audit, paths.checkpoints)
    for doubt in doubts:
        yield Finding("checkpoint", ok=False, detail=doubt)
    if base is None:
        return
    with closing(Refold(folder, paths.journal, keyring, base.file)) as again:
        total = block - again.block

        def folded(blocks: int) -> None:
            progress("fold", blocks, total)

        again.up_to(block, folded)
        with Snapshot(paths.ledger) as ledger, closing(Audit(paths.journal)) as audit:
            again.up_to(ledger.block, folded)
            gone = doubt_of_end(ledger, audit, again)
            if gone is not None:
                yield Finding("fold", ok=False, detail=gone)
            else:
                yield from _compared(ledger, again, progress)


def _compared(ledger: Snapshot, again: Refold, progress: Progress) -> Iterator[Finding]:
    rows = 0

    def count(more: int) -> None:
        nonlocal rows
        rows += more
        progress("compare", rows, 0)

    differences = compare(again.connection, ledger.connection, count)
    for table, wrong, examples in differences:
        text = f"{wrong} rows of {table} differ: {'; '.join(examples)}"
        yield Finding("fold", ok=False, detail=text)
    if not differences:
        since = f"since block {again.base}" if again.base else "from the beginning"
        text = f"{again.folded} blocks {since} give the same {rows} rows"
        yield Finding("fold", ok=True, detail=text)
