"""What a clerk is answered: its own ratings and figures, and no colleague's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.users import Grant
from tests.support.folded_api import FoldedApi
from tests.support.folding import START_MS, element, message

PASSWORD = "correct horse battery"
MONTH = "2026-11"
LEVELS = {"e1": (5, 3), "e2": (1,), "e3": (4, 4), "e4": (2,)}
"""The last one works in a department alone with the one before."""


class Hall(FoldedApi):
    """Each employee at a window of its own; clerks are called as the employees."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.world.rules()
        for number, employee in enumerate(LEVELS, 1):
            self._seat(number, employee)
        records = [
            message(
                f"d{number}",
                element(
                    f"{employee}-press-{turn}", level, session_id=f"{number}{turn}"
                ),
                START_MS + turn * 60_000,
            )
            for number, (employee, levels) in enumerate(LEVELS.items(), 1)
            for turn, level in enumerate(levels)
        ]
        self.world.take(*records)
        for employee in LEVELS:
            grant = Grant("clerk", employee=employee)
            self.users.create(employee, PASSWORD, grant, 0)

    def _seat(self, number: int, employee: str) -> None:
        department = "small" if number > 3 else "taxes"
        rows: dict[str, dict[str, str]] = {
            "sites": {"id": "hall", "name": "Hall", "time_zone": "Asia/Shanghai"},
            "departments": {"id": department, "name": department, "site": "hall"},
            "windows": {"id": f"w{number}", "site": "hall", "department": department},
            "employees": {"id": employee, "pseudonym": f"P {employee}"},
            "bindings": {
                "device_id": f"d{number}",
                "window": f"w{number}",
                "employee": employee,
                "from": "2026-01-01",
            },
        }
        row = {"device_id": f"d{number}", "site": "hall", "window": f"w{number}"}
        for table, one in rows.items():
            act = {"author": "test", "table": table, "rows": [one]}
            outcome = self.world.settle("registry_put", act)
            assert "error" not in outcome, outcome
            if table == "windows":
                put = {"author": "test", "device": {**row, "lifecycle": "active"}}
                self.world.settle("device_put", put)

    async def as_clerk(
        self, name: str, path: str, body: object = None, **params: object
    ) -> httpx.Response:
        user = self.users.find(name)
        assert user is not None
        login = self.app.state.logins.begin(user.name, user.hash)
        return await self.ask(
            "GET" if body is None else "POST",
            f"/api/v1{path}",
            headers={"Cookie": f"evalgate_8700={login}"},
            params=params or None,
            json=body,
        )


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    hall = Hall(tmp_path_factory.mktemp("hall"))
    yield hall
    hall.close()


async def items(hall: Hall, path: str, **params: object) -> list[dict[str, Any]]:
    answer = await hall.as_clerk("e1", path, **params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_list_holds_ones_own_ratings_whatever_is_asked(hall: Hall) -> None:
    for params in ({}, {"employee": "e1"}, {"department": "taxes"}, {"site": "hall"}):
        found = await items(hall, "/ratings", **params)
        assert {one["employee_id"] for one in found} == {"e1"}
        assert {one["level"] for one in found} == {5, 3}
    assert await items(hall, "/ratings", device="d2") == []
    assert await items(hall, "/ratings", effective=False) == []
    assert len(await items(hall, "/ratings", effective=True)) == 2


async def test_figures_are_ones_own_however_they_are_grouped(hall: Hall) -> None:
    (whole,) = await items(hall, "/statistics")
    assert (whole["rated"], whole["mean_level"]) == (2, "4.0000")
    for by in ("employee", "device", "window", "department", "employee,day"):
        for one in await items(hall, "/statistics", group_by=by):
            assert one["rated"] == 0 or one["n"]["5"] == 1, by
            assert "e2" not in str(one["key"])


@pytest.mark.parametrize("path", ["/ratings", "/statistics"])
async def test_who_asks_for_a_colleague_is_refused(hall: Hall, path: str) -> None:
    answer = await hall.as_clerk("e1", path, employee="e2")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_own")


async def test_a_colleagues_rating_is_as_if_there_were_none(hall: Hall) -> None:
    own = await hall.as_clerk("e1", "/ratings/d1:e1-press-0")
    assert own.json()["level"] == 5
    for name in ("d2:e2-press-0", "e2-press-0", "d2:e2-press-9", "nothing"):
        answer = await hall.as_clerk("e1", f"/ratings/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        objection = {"reason": "not mine"}
        answer = await hall.as_clerk("e1", f"/ratings/{name}/dispute", objection)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_ones_own_rating_is_disputed_and_not_in_anothers_name(
    hall: Hall,
) -> None:
    path = "/ratings/d1:e1-press-1/dispute"
    answer = await hall.as_clerk("e1", path, {"reason": "x", "employee_id": "e2"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_own")
    answer = await hall.as_clerk("e1", path, {"reason": "the queue was told it was"})
    assert answer.status_code == 200, answer.text
    shown = (await hall.as_clerk("e1", "/ratings/d1:e1-press-1")).json()["dispute"]
    assert (shown["by"], shown["outcome"]) == ("e1", None)
    again = await hall.as_clerk("e1", path, {"reason": "once more"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    decision = {"outcome": "voided", "reason": "mine"}
    answer = await hall.as_clerk("e1", "/ratings/d1:e1-press-1/decide", decision)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_clerk_is_told_who_it_is_and_how_its_department_does(
    hall: Hall,
) -> None:
    myself = (await hall.as_clerk("e1", "/me")).json()
    assert myself == {"name": "e1", "employee_id": "e1", "site": None}
    told = (await hall.as_clerk("e1", f"/me/figures/{MONTH}")).json()
    assert (told["figures"]["rated"], told["figures"]["mean_level"]) == (2, "4.0000")
    (taxes,) = told["departments"]
    assert taxes == {
        "department": "taxes",
        "withheld": False,
        "rated": 5,
        "satisfaction_rate": "60.00",
        "mean_level": "3.4000",
    }
    nothing = (await hall.as_clerk("e1", "/me/figures/2026-09")).json()
    assert (nothing["figures"]["rated"], nothing["departments"]) == (0, [])


async def test_a_department_of_one_or_two_is_told_to_nobody_in_it(hall: Hall) -> None:
    told = (await hall.as_clerk("e4", f"/me/figures/{MONTH}")).json()
    (small,) = told["departments"]
    assert small.pop("department") == "small"
    assert small.pop("withheld") is True
    assert set(small.values()) == {None}


async def test_below_min_n_the_department_is_withheld(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.world.rules(min_n=6)
    try:
        told = (await hall.as_clerk("e1", f"/me/figures/{MONTH}")).json()
        assert told["departments"][0]["withheld"] is True
        assert told["figures"]["mean_level"] is None
    finally:
        hall.close()
