"""What sites, departments, windows and employees are called, by their ids."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from gateway.console import naming
from gateway.console.naming import Named, name_of
from gateway.console.pages.api import Api, Refusal

TABLES: Final[Mapping[str, str]] = {
    **naming.TABLES,
    "employee_id": naming.TABLES["employee"],
}
"""The table whose ids a field of the API's items holds."""

_ASKED_MAX: Final = 100
_LISTED_MAX: Final = 1_000
"""Of larger tables those whose ids come first are known by name."""


class Names:
    """Those that a page shows; each id is asked for once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[tuple[str, str], str] = {}

    async def learn(self, table: str, ids: Iterable[str | None]) -> None:
        """One question for all ids that are not known yet.

        What may not be read keeps its id for a name; what could not be read just now
        is asked for again by the next one who looks.
        """
        asked = sorted({it for it in ids if it and (table, it) not in self._known})
        for start in range(0, len(asked), _ASKED_MAX):
            part = asked[start : start + _ASKED_MAX]
            try:
                found = await self._api.get(f"/{table}", key=part, limit=len(part))
            except Refusal as refusal:
                if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    return
                found = {"items": []}
            told = {row["id"]: name_of(row) for row in found["items"]}
            self._known |= {(table, it): told.get(it) or it for it in part}

    async def learn_of(
        self, items: Iterable[Mapping[str, Any]], fields: Iterable[str] = TABLES
    ) -> None:
        """Of whatever these items of the API name in these fields, by `TABLES`."""
        rows = list(items)
        for field in fields:
            await self.learn(TABLES[field], (row.get(field) for row in rows))

    async def id_of(self, field: str, text: str) -> str:
        """What somebody who typed this into a filter means: an id, or a name of one."""
        table = TABLES.get(field)
        if table is None or not text:
            return text
        try:
            known = await self._api.get(f"/{table}", key=[text])
            found = await self._api.get(f"/{table}", limit=_LISTED_MAX)
        except Refusal:
            return text
        if known["items"]:
            return text
        wanted = text.casefold()
        named = (
            it for it in found["items"] if (name_of(it) or "").casefold() == wanted
        )
        return str(next(named, {"id": text})["id"])

    def of(self, table: str, key: str) -> str:
        """The name; the id where none is known."""
        return self._known.get((table, key), key)

    def named(self, field: str, key: str | None) -> Named | None:
        """What a field of an item holds, by `TABLES`."""
        return Named(self.of(TABLES[field], key), key) if key else None
