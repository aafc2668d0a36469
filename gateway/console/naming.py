"""What the ids of a report are called: names for who reads it on paper."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gateway.console.wording import Words
from gateway.queries import LedgerQueries
from gateway.queries.asking import Slice

_TABLES: Final[Mapping[str, str]] = {
    "site": "sites",
    "department": "departments",
    "employee": "employees",
}


class Named(NamedTuple):
    """A cell of a page: the name is read, the id is on hover."""

    name: str
    id: str


class Naming:
    """Of one report: in whose words, and what its ids are called."""

    def __init__(self, language: str, ledger: LedgerQueries) -> None:
        self.words = Words("printed", language)
        self._ledger = ledger

    def of(
        self, dimension: str, keys: Iterable[object], subtree: str | None
    ) -> dict[str, str]:
        """Names by id, of those that have one and that the subtree may see."""
        asked = sorted({str(key) for key in keys if key is not None})
        table = _TABLES.get(dimension)
        if table is None or not asked:
            return {}
        rows = self._ledger.registry(table, Slice(len(asked)), subtree, asked)
        told = ((it["id"], it.get("name") or it.get("pseudonym")) for it in rows.items)
        return {str(key): name for key, name in told if name}
