"""What sites and windows are called; their ids where they have no name."""

from collections.abc import Iterable

from gateway.console.pages.visit import Visit


async def names_of(
    visit: Visit, table: str, keys: Iterable[str | None]
) -> dict[str, str]:
    """The names of these rows of a table of the organisation, by id."""
    asked = sorted({key for key in keys if key})
    if not asked:
        return {}
    found = await visit.api.get(f"/{table}", key=asked, limit=len(asked))
    named = {row["id"]: row["name"] for row in found["items"]}
    return {key: named.get(key) or key for key in asked}
