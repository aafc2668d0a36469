"""Names instead of ids, each asked for once."""

from typing import Any

import pytest

from gateway.console.naming import Named
from gateway.console.pages.api import Api, Refusal
from gateway.console.pages.names import Names

ROWS: dict[str, list[dict[str, Any]]] = {
    "/sites": [{"id": "s1", "name": "North hall"}, {"id": "s2", "name": None}],
    "/employees": [{"id": "E1", "pseudonym": "Staff 1"}],
}


class Asked(Api):
    """Refuses departments to whoever asks."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []

    async def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
        self.asked.append((path, params.get("key")))
        if path == "/departments":
            raise Refusal(403, "forbidden", "not yours")
        keys, rows = params.get("key"), ROWS[path]
        assert keys is None or isinstance(keys, list)
        return {"items": [it for it in rows if keys is None or it["id"] in keys]}


async def test_each_id_is_asked_for_once_and_all_of_a_table_together() -> None:
    api = Asked()
    names = Names(api)
    items: list[dict[str, str | None]] = [
        {"site": "s1", "employee_id": "E1"},
        {"site": "s2", "employee_id": None},
        {"site": "s1"},
    ]
    for _ in range(2):
        await names.learn_of(items)
    assert api.asked == [("/sites", ["s1", "s2"]), ("/employees", ["E1"])]
    assert names.named("site", "s1") == Named("North hall", "s1")
    assert names.named("employee_id", "E1") == Named("Staff 1", "E1")
    assert names.named("employee_id", None) is None


async def test_what_has_no_name_or_may_not_be_read_is_called_by_its_id() -> None:
    names = Names(Asked())
    await names.learn_of([{"site": "s2", "department": "d1"}])
    assert names.of("sites", "s2") == "s2"
    assert names.named("department", "d1") == Named("d1", "d1")


async def test_what_could_not_be_read_just_now_is_asked_for_again() -> None:
    class Busy(Asked):
        async def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 -- JSON
            found = await super().get(path, **params)
            if len(self.asked) == 1:
                raise Refusal(503, "busy", "in a moment")
            return found

    names = Names(Busy())
    for name in ("s1", "North hall"):
        await names.learn("sites", ["s1"])
        assert names.of("sites", "s1") == name


@pytest.mark.parametrize(
    ("field", "text", "meant"),
    [
        ("site", "s2", "s2"),
        ("site", "north HALL", "s1"),
        ("employee", "Staff 1", "E1"),
        ("site", "nowhere", "nowhere"),
        ("department", "Taxes", "Taxes"),
        ("device", "d1", "d1"),
    ],
)
async def test_a_filter_takes_an_id_or_a_name(
    field: str, text: str, meant: str
) -> None:
    assert await Names(Asked()).id_of(field, text) == meant
