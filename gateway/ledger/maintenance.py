"""Draws of spot checks, and sealed months of maintenance."""

from collections.abc import Mapping

from gateway.ledger.store import Store


class MaintenanceBooks:
    """The tables `spot_check` and `maintenance_statement`; `site` "" is all of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def draws(self) -> int:
        """How many draws are kept."""
        row = self._store.one("SELECT count(*) FROM spot_check")
        return 0 if row is None else int(row[0])

    def add_draw(  # noqa: PLR0913, PLR0917 -- one for each column
        self,
        place: int,
        draw_id: str,
        author: str,
        at_ms: int,
        due_ms: int,
        data: str,
    ) -> None:
        self._store.run(
            "INSERT INTO spot_check VALUES (?, ?, ?, ?, ?, ?)",
            (place, draw_id, author, at_ms, due_ms, data),
        )

    def holds(self, site: str, month: str) -> bool:
        row = self._store.one(
            "SELECT 1 FROM maintenance_statement WHERE site = ? AND period = ?",
            (site, month),
        )
        return row is not None

    def seal(
        self, site: str, month: str, author: str, signed: tuple[int, str], data: str
    ) -> None:
        """`signed`: by which key, and the signature."""
        self._store.run(
            "INSERT INTO maintenance_statement VALUES (?, ?, ?, ?, ?, ?)",
            (site, month, author, *signed, data),
        )

    def work(
        self, site: str, from_ms: int, to_ms: int
    ) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """What was done in a stretch of time, by `type.result`, and the parts used."""
        where = "r.finished_ms >= ? AND r.finished_ms < ? AND ? IN ('', d.site)"
        since = "FROM inspection_record AS r JOIN device AS d ON d.no = r.device_no"
        values = (from_ms, to_ms, site)
        work = self._store.all(
            "SELECT (r.data ->> '$.type') || '.' || coalesce(r.data ->> '$.result',"
            f" 'ok') AS name, count(*) {since} WHERE {where} GROUP BY name",
            values,
        )
        parts = self._store.all(
            f"SELECT p.key, sum(p.value) {since}, json_each(r.data, '$.parts') AS p"
            f" WHERE {where} GROUP BY p.key",
            values,
        )
        return dict(work), dict(parts)
