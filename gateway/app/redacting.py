"""What ingest is to redact in its journal, as the ledger says."""

import structlog

from gateway.app.journal import asked
from gateway.app.paths import Paths
from gateway.crashpoints import reach
from gateway.journal.sqlite import SqliteJournal
from gateway.ledger.erasures import Erasure, pending
from gateway.places import Place
from gateway.ports import Header, Record
from gateway.processing.erasure.redacting import redacted

PLACES_A_STEP = 64
"""Appends wait meanwhile: each may lie in a block of its own."""

_log = structlog.get_logger(__name__)


class Redactor:
    """Steps between two appends, in the thread of the journal's writer."""

    def __init__(self, paths: Paths, journal: SqliteJournal) -> None:
        self._ledger = paths.ledger
        self._journal = journal
        self._seen: set[int] = set()  # tried, and not folded yet that it was done
        self._log_is_clean = False  # a start empties it, unless somebody reads

    def step(self) -> Header | None:
        """Redact some records, and append what tells of it; None: nothing is left.

        Raises DiskFullError or JournalBrokenError as `SqliteJournal.redact`.
        """
        erasures = {row.place: row for row in self._pending()}

        def change(place: Place, record: Record) -> Record:
            erasure = erasures[place.pack()]
            try:
                return redacted(record, erasure, place.element)
            except ValueError as error:
                _log.error("record_not_redacted", place=str(place), detail=str(error))
                raise

        header = None
        if erasures:
            header = self._journal.redact([Place.unpack(p) for p in erasures], change)
        self._seen.update(erasures)
        if header is not None:
            self._log_is_clean = False
        if not self._log_is_clean:
            self._log_is_clean = self._journal.forget_log()
            reach("redact.after_log")
        return header

    def _pending(self) -> list[Erasure]:
        limit = PLACES_A_STEP + len(self._seen)
        rows = asked(self._ledger, lambda c: pending(c, limit)) or []
        self._seen &= {row.place for row in rows}
        return [row for row in rows if row.place not in self._seen]

    @property
    def done(self) -> bool:
        """Whether nothing of what was redacted is left in the engine's log."""
        return self._log_is_clean
