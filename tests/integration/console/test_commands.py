"""Commands and settings over the API, to the outcome that the fold makes of them."""

import pytest

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi
from tests.support.folding import element, message

BASE = "/api/v1/devices/d-1"


async def prepared(api: FoldedApi) -> None:
    api.world.rules()
    for site in ("hall", "south"):
        rows = {"table": "sites", "rows": [{"id": site}]}
        api.world.act("registry_put", {"author": "a", **rows})
    api.world.act("device_put", {"device": {"device_id": "d-1", "site": "hall"}})
    api.world.act("device_put", {"device": {"device_id": "d-2", "site": "south"}})
    api.world.publish("d-1", element("event-0001"))


def tell(api: FoldedApi, channel: str, **fields: object) -> None:
    now_ms = api.world.clock.wall_ms()
    body = {"v": 1, "event_id": f"told-{now_ms}", **fields}
    api.world.append([message("d-1", body, now_ms, channel)])


async def test_a_command_is_asked_listed_and_shown_with_its_history(
    api: FoldedApi,
) -> None:
    await prepared(api)
    body = {"command": "identify", "parameters": {"seconds": 5}}
    done = await api.post(f"{BASE}/commands", body)
    assert done.status_code == 200
    own_id = done.json()["outcome"]["command_id"]
    for query in ({"state": "open"}, {"state": "asked"}, {"command": "identify"}):
        for path in (f"{BASE}/commands", "/api/v1/commands"):
            (item,) = (await api.get(path, **query)).json()["items"]
            assert (item["command_id"], item["parameters"]) == (own_id, {"seconds": 5})
    tell(api, "reply", command_id=own_id, status="done", result={"ok": True})
    assert (await api.get("/api/v1/commands", state="open")).json()["items"] == []
    for path in (f"{BASE}/commands/{own_id}", f"/api/v1/commands/{own_id}"):
        shown = (await api.get(path)).json()
        assert (shown["state"], shown["result"]) == ("done", {"ok": True})
        assert [one["what"] for one in shown["history"]] == ["asked", "done"]
        assert shown["history"][0]["by"] == shown["asked_by"] == "local"
    other = await api.get(f"/api/v1/devices/d-2/commands/{own_id}")
    assert other.status_code == 404


async def test_under_a_key_a_command_is_asked_once(api: FoldedApi) -> None:
    await prepared(api)
    headers = {"Idempotency-Key": "k-1"}
    for _ in range(2):
        done = await api.post(
            f"{BASE}/commands", {"command": "reboot"}, headers=headers
        )
        assert done.status_code == 200
    assert len((await api.get(f"{BASE}/commands")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"command": "Fly"}, 422, "invalid_request"),
        ({"command": "fly"}, 409, "unknown_command"),
        ({"command": "identify", "parameters": {"x": 1}}, 422, "invalid"),
        ({"command": "identify", "expires_s": 86_401}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: FoldedApi, body: dict[str, object], status: int, code: str
) -> None:
    await prepared(api)
    answer = await api.post(f"{BASE}/commands", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("verb", ["refuse", "retire"])
async def test_who_is_out_of_service_is_asked_for_nothing(
    api: FoldedApi, verb: str
) -> None:
    await prepared(api)
    lifecycle = {"refuse": "refused", "retire": "retired"}[verb]
    api.world.act(
        "device_put", {"device": {"device_id": "d-9", "lifecycle": lifecycle}}
    )
    for path, method, body in (
        ("commands", "POST", {"command": "identify"}),
        ("settings", "PUT", {"desired": {}}),
    ):
        answer = await api.ask(method, f"/api/v1/devices/d-9/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_settings_show_what_is_wanted_and_reported(api: FoldedApi) -> None:
    await prepared(api)
    assert (await api.get(f"{BASE}/settings")).json()["state"] == "unset"
    done = await api.ask("PUT", f"{BASE}/settings", json={"desired": {"volume": 40}})
    assert done.json()["outcome"]["revision"] == 1
    assert (await api.get(f"{BASE}/settings")).json()["state"] == "unknown"
    tell(api, "heartbeat", config_revision=0)
    assert (await api.get(f"{BASE}/settings")).json()["state"] == "pending"
    api.world.clock.advance(16 * 60_000)
    tell(api, "heartbeat", config_revision=0)
    drifted = (await api.get(f"{BASE}/settings")).json()
    assert (drifted["state"], drifted["drift"]) == ("drifted", True)
    tell(api, "heartbeat", config_revision=1)
    applied = (await api.get(f"{BASE}/settings")).json()
    assert (applied["state"], applied["drift"]) == ("applied", False)
    assert (applied["desired"], applied["set_by"]) == ({"volume": 40}, "local")


async def test_of_two_who_change_the_same_settings_the_second_is_told(
    api: FoldedApi,
) -> None:
    await prepared(api)
    path = f"{BASE}/settings"

    async def put(volume: int, **headers: str) -> int:
        wanted = {"desired": {"volume": volume}}
        return (await api.ask("PUT", path, json=wanted, headers=headers)).status_code

    seen = {"If-Match": (await api.get(path)).headers["etag"]}
    assert await put(10, **seen, **{"Idempotency-Key": "a"}) == 200
    assert await put(20, **seen) == 412
    assert await put(10, **seen, **{"Idempotency-Key": "a"}) == 200
    told = await api.get(path)
    assert (told.json()["desired"], told.headers["etag"]) == ({"volume": 10}, '"1"')
    assert await put(30, **{"If-Match": '"7", "1"'}) == 200
    assert (await put(40), await put(50, **{"If-Match": "*"})) == (200, 200)
    assert await put(60, **{"If-Match": "4"}) == 422
    assert (await api.get(path)).json()["revision"] == 4


async def test_what_a_terminal_can_do_is_told(api: FoldedApi) -> None:
    await prepared(api)
    assert (await api.get(f"{BASE}/capabilities")).json()["commands"] is None
    api.world.act("profiles_applied", {"profiles": {"p": {"commands": ["reboot"]}}})
    api.world.act("device_put", {"device": {"device_id": "d-1", "profile": "p"}})
    assert (await api.get(f"{BASE}/capabilities")).json()["commands"] == ["reboot"]
    tell(api, "presence", state="online", capabilities={"commands": ["identify"]})
    can = (await api.get(f"{BASE}/capabilities")).json()
    assert (can["commands"], can["capabilities"]) == (
        ["identify"],
        {"commands": ["identify"]},
    )


async def test_a_token_bound_to_a_site_keeps_to_it(api: FoldedApi) -> None:
    await prepared(api)
    own_id = (await api.post(f"{BASE}/commands", {"command": "reboot"})).json()[
        "outcome"
    ]["command_id"]
    bound = bearer(api.tokens.create("south", ["operate"], "south", 0))
    for method, path, body in (
        ("POST", f"{BASE}/commands", {"command": "reboot"}),
        ("GET", f"{BASE}/commands", None),
        ("GET", f"/api/v1/commands/{own_id}", None),
        ("GET", f"{BASE}/settings", None),
        ("PUT", f"{BASE}/settings", {"desired": {}}),
        ("GET", f"{BASE}/capabilities", None),
    ):
        answer = await api.ask(method, path, json=body, headers=bound)
        assert answer.status_code == 404, path
    listed = await api.ask("GET", "/api/v1/commands", headers=bound)
    assert listed.json()["items"] == []
