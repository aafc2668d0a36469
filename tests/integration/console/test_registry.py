"""Devices and the organisation over the API, as the fold puts them in force."""

import httpx

from tests.support.folded_api import FoldedApi

HEADER = (
    "device_id,hw_serial,model,profile,lifecycle,site,window,labels,installed_at\r\n"
)


async def send(api: FoldedApi, text: str | bytes, **query: object) -> httpx.Response:
    return await api.ask(
        "POST",
        "/api/v1/devices/import",
        content=text,
        params=query,
        headers={"Content-Type": "text/csv"},
    )


async def put(api: FoldedApi, path: str, body: object) -> httpx.Response:
    return await api.ask("PUT", f"/api/v1/{path}", json=body)


async def test_an_import_says_first_what_it_would_do_and_then_does_it(
    api: FoldedApi,
) -> None:
    text = HEADER + 'd-1,S1,M2,,active,hall,w1,"a, b",2026-01-31\r\nd-2,,,,,,,,\r\n'
    foreseen = (await send(api, text, dry_run=True)).json()
    assert (foreseen["created"], foreseen["place"]) == (2, None)
    assert (await api.get("/api/v1/devices")).json()["items"] == []
    done = (await send(api, text)).json()
    assert {**foreseen, "dry_run": False, "place": done["place"]} == done
    again = (await send(api, text)).json()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2)
    exported = (await api.get("/api/v1/devices/export")).text
    assert exported == text.replace("d-2,,,,,", "d-2,,,,active,")
    assert (await send(api, exported)).json()["unchanged"] == 2


async def test_each_row_that_cannot_be_is_told_by_its_line(api: FoldedApi) -> None:
    await send(api, HEADER + "d-9,,,,retired,,,,\r\n")
    text = HEADER + (
        "d-1,,,,,hall,,,\r\n"
        "no good,,,,,,,,\r\n"
        "http-web,,,,,,,,\r\n"
        "d-2,,,,sleeping,,,,\r\n"
        "d-3,,,,,,,,yesterday\r\n"
        "d-4,x\r\n"
        "d-1,,,,,,,,\r\n"
        "d-9,,,,active,,,,\r\n"
        '"d-5",,"two\r\nlines",,,,,,\r\n'
    )
    for dry_run in (True, False):
        done = (await send(api, text, dry_run=dry_run)).json()
        assert (done["created"], done["refused"]) == (1, 8)
        lines = sorted(error["line"] for error in done["errors"])
        assert lines == [3, 4, 5, 6, 7, 8, 9, 11]
    items = (await api.get("/api/v1/devices", site="hall")).json()["items"]
    assert [one["device_id"] for one in items] == ["d-1"]


NO_TABLES: list[tuple[bytes, str]] = [
    (b"", "bad_header"),
    (b"id,name\r\n", "bad_header"),
    (b"device_id,device_id\r\n", "bad_header"),
    (b"hw_serial\r\nS1\r\n", "bad_header"),
    ("device_id\r\n终端".encode("gb18030"), "not_utf8"),
    (b'device_id\r\n"d-1"x\r\n', "not_csv"),
    (b"device_id\r\n" + b"d-1\r\n" * 20_001, "too_many_rows"),
]


async def test_what_is_no_table_changes_nothing(api: FoldedApi) -> None:
    before = api.world.journal.last_number()
    for content, code in NO_TABLES:
        answer = await send(api, content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert api.world.journal.last_number() == before


async def test_a_table_for_a_city_fits(api: FoldedApi) -> None:
    rows = "".join(f"dev-{n:05},S{n},M2,,active,hall,w1,,\r\n" for n in range(3_000))
    done = (await send(api, HEADER + rows)).json()
    assert done["created"] == 3_000


async def test_put_registers_changes_and_clears(api: FoldedApi) -> None:
    await put(api, "devices/d-1", {"site": "hall", "window": "w1", "model": "M2"})
    await put(api, "devices/d-1", {"window": None, "model": "M3"})
    device = (await api.get("/api/v1/devices/d-1")).json()
    assert (device["site"], device["window"], device["model"]) == ("hall", None, "M3")
    answer = await put(api, "devices/d-1", {"model": "M3"})
    assert answer.json()["outcome"]["result"] == "unchanged"
    wrong = await put(api, "devices/d-1", {"installed_at": "yesterday"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    reserved = await put(api, "devices/http-web", {})
    assert reserved.status_code == 422


ROWS = {
    "sites": {"id": "hall", "name": "政务大厅", "time_zone": "Asia/Shanghai"},
    "departments": {"id": "taxes", "site": "hall"},
    "windows": {"id": "w1", "site": "hall", "department": "taxes"},
    "employees": {"id": "0042", "valid_from": "2026-01-01"},
    "bindings": {"device_id": "d-1", "window": "w1", "from": "2026-01-01"},
    "closures": {"site": "hall", "from": "2026-05-01", "to": "2026-05-02"},
}


async def test_each_table_is_put_and_told_alike(api: FoldedApi) -> None:
    for table, row in ROWS.items():
        for body in (row, [row], {"items": [row]}):
            answer = await put(api, table, body)
            assert answer.json()["outcome"] == {"table": table, "rows": 1}
        listed = (await api.get(f"/api/v1/{table}")).json()
        (told,) = listed["items"]
        assert {name: told[name] for name in row} == row
        assert (await put(api, table, listed["items"])).status_code == 200
        assert (await put(api, table, {**row, "colour": "red"})).status_code == 422
        assert (await put(api, table, [row, row])).json()["code"] == "invalid_row"


async def test_tables_are_listed_by_key_and_page_by_page(api: FoldedApi) -> None:
    await put(api, "employees", [{"id": f"e{n}"} for n in range(5)])
    first = (await api.get("/api/v1/employees", limit=3)).json()
    rest = (
        await api.get("/api/v1/employees", limit=3, cursor=first["next_cursor"])
    ).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [
        f"e{n}" for n in range(5)
    ]
    assert rest["next_cursor"] is None


SENSELESS = [
    ("sites", {"id": "a", "parent": "a"}, "own ancestor"),
    ("sites", {"id": "a", "time_zone": "Mars/Base"}, "time zone"),
    ("employees", {"id": "1", "valid_from": "2026-1-1"}, "no date"),
    ("bindings", {"device_id": "?", "from": "2026-01-01"}, "device id"),
    (
        "closures",
        {"site": "a", "from": "2026-05-02", "to": "2026-05-01"},
        "later than from",
    ),
    (
        "closures",
        {"site": "a", "from": "2026-05-02T10:00:00"},
        "RFC 3339",
    ),
    ("windows", {"id": "a|b"}, "without |"),
]


async def test_a_row_that_makes_no_sense_is_told_so(api: FoldedApi) -> None:
    for table, row, word in SENSELESS:
        answer = await put(api, table, row)
        assert (row, answer.status_code) == (row, 422)
        assert word in answer.json()["detail"]
        assert (await api.get(f"/api/v1/{table}")).json()["items"] == []


async def test_the_tree_of_sites_has_a_bounded_depth_and_no_circle(
    api: FoldedApi,
) -> None:
    chain = [{"id": f"s{n}", "parent": f"s{n - 1}"} for n in range(1, 8)]
    assert (await put(api, "sites", [{"id": "s0"}, *chain])).status_code == 200
    deeper = await put(api, "sites", {"id": "s8", "parent": "s7"})
    assert deeper.status_code == 422
    circle = await put(api, "sites", {"id": "s0", "parent": "s7"})
    assert circle.status_code == 422
    two = (await api.get("/api/v1/sites?key=s3&key=s1&key=none")).json()["items"]
    assert [site["id"] for site in two] == ["s1", "s3"]


async def test_a_window_gives_its_ratings_their_department(api: FoldedApi) -> None:
    await put(api, "windows", ROWS["windows"])
    body = {"event_id": "web-00001", "level": 5, "window": "w1", "medium": "qr"}
    rating = (await api.post("/api/v1/ratings", body)).json()
    assert (rating["site"], rating["department"]) == ("hall", "taxes")


async def test_what_the_api_put_in_force_folds_again_alike(api: FoldedApi) -> None:
    for table, row in ROWS.items():
        await put(api, table, row)
    await send(api, HEADER + "d-1,S1,M2,,active,hall,w1,,\r\n")
    await put(api, "devices/d-2", {"site": "hall"})
    tables = "SELECT * FROM registry_row", "SELECT * FROM device", "SELECT * FROM act"
    again = api.world.refolded()
    for select in tables:
        assert again.all(select) == api.world.all(select)
    again.close()
