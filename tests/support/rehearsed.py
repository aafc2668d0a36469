"""A stopped gateway whose journal is rehearsed under other rules."""

import tempfile
from pathlib import Path
from typing import Any

from gateway.app.rehearsing import Asked, Rehearsed, rehearse
from gateway.app.wanted import wanted
from gateway.events import rfc3339
from gateway.ledger.books import Books
from gateway.ledger.store import Store, connect
from gateway.ports import Record
from gateway.processing.applying import changes
from gateway.settings import Settings, load_settings
from tests.support.folding import message
from tests.support.stores import HOUR_MS, Stores

FOREVER_MS = 4_000_000_000_000
FLEET = '[broker]\nurl = "mqtt://h"\n[fleet]\nunknown_devices = "approve"\n[rules]\n'


class Rehearsing:
    """Its rules are put in force as a start does; ratings come after them."""

    def __init__(self, root: Path, rules: str = "") -> None:
        self.root = root
        self.stores = Stores(root)
        self.stores.config.write_text(FLEET + rules, "utf-8")
        self.take()  # a tick, so that there is a journal
        self.apply(load_settings(self.stores.config))

    def apply(self, settings: Settings) -> None:
        """Put settings in force, as the role `process` does."""
        self.stores.fold()
        store = Store(connect(self.stores.paths.ledger))
        batches = changes(wanted(settings), Books(store), self.now_ms)
        store.close()
        for records in batches:
            self.stores.append(records)

    @property
    def now_ms(self) -> int:
        return self.stores.journal.clock.wall_ms()

    def configured(self, rules: str) -> Settings:
        """Another configuration of the same gateway."""
        new = self.root / "new.toml"
        new.write_text(FLEET + rules, "utf-8")
        return load_settings(new)

    def rate(self, event_id: str, level: int, **fields: object) -> None:
        body = {"v": 1, "event_id": event_id, "level": level, **fields}
        self.take(message("dev-1", body, self.now_ms))

    def serve(self, event_id: str, action: str, session_id: str) -> None:
        """An event of a session that happens now."""
        body = {
            "v": 1,
            "event_id": event_id,
            "action": action,
            "session_id": session_id,
            "occurred_at": rfc3339(self.now_ms),
        }
        self.take(message("dev-1", body, self.now_ms, "session"))

    def take(self, *records: Record) -> None:
        self.stores.append(records)

    def days(self, days: int) -> None:
        """Time with nothing but ticks."""
        directory = self.stores.journal
        journal = directory.open().journal
        for _ in range(2 * days):
            directory.clock.advance(12 * HOUR_MS)
            journal.append([])
        directory.close()

    def rehearse(self, rules: str, from_ms: int = 0) -> Rehearsed:
        """What would differ under these rules, since a moment."""
        self.stores.fold()
        settings = self.configured(rules)
        with tempfile.TemporaryDirectory() as scratch:
            asked = Asked(from_ms, FOREVER_MS, Path(scratch))
            return rehearse(settings, asked, lambda *_: None)

    def close(self) -> None:
        self.stores.journal.close()


def changed(found: Rehearsed) -> dict[str, dict[str, tuple[Any, Any]]]:
    """By session: each field that would differ, before and after."""
    return {
        one.name: {
            name: (one.before[name], one.after[name])
            for name in one.fields
            if one.before is not None and one.after is not None
        }
        for one in found.sessions.items
    }
