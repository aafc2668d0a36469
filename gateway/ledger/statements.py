"""Sealed months."""

from gateway.ledger.store import Store


class Statements:
    """The table `statement`; `site` "" is all of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def holds(self, site: str, month: str) -> bool:
        row = self._store.one(
            "SELECT 1 FROM statement WHERE site = ? AND period = ?", (site, month)
        )
        return row is not None

    def add(self, site: str, month: str, author: str, data: str) -> None:
        self._store.run(
            "INSERT INTO statement VALUES (?, ?, ?, ?)", (site, month, author, data)
        )
