"""Who did what: acts as the journal keeps them, the newest first."""

from typing import Any

from tests.support.api import bearer
from tests.support.folded_api import FoldedApi


async def audit(api: FoldedApi, **asked: object) -> list[dict[str, Any]]:
    body = (await api.get("/api/v1/audit", **asked)).json()
    items: list[dict[str, Any]] = body["items"]
    return items


def published(api: FoldedApi) -> None:
    api.world.rules()
    sites = {"author": "test", "table": "sites", "rows": [{"id": "hall"}]}
    api.world.act("registry_put", sites)
    api.world.act("device_put", {"device": {"device_id": "d-1", "site": "hall"}})
    contact = {"kind": "phone", "value": "13800138000"}
    api.world.publish("d-1", {"event_id": "event-01", "level": 1, "contact": contact})


async def test_an_act_tells_who_asked_for_what_and_what_came_of_it(
    api: FoldedApi,
) -> None:
    published(api)
    await api.post("/api/v1/devices/d-1/maintenance", {"reason": "new keys"})
    newest = (await audit(api))[0]
    assert (newest["kind"], newest["by"]) == ("device_maintenance", "local")
    assert (newest["subject"], newest["result"]) == ("d-1", "done")
    assert newest["content"] == {"device_id": "d-1", "reason": "new keys"}
    assert newest["outcome"] == {"device_id": "d-1", "lifecycle": "maintenance"}


async def test_what_was_refused_is_told_too(api: FoldedApi) -> None:
    published(api)
    await api.post("/api/v1/devices/d-1/refuse", {})
    newest = (await audit(api))[0]
    assert (newest["kind"], newest["result"]) == ("device_refused", "refused")
    assert newest["outcome"]["error"] == "conflict"


async def test_each_read_of_a_contact_is_there_without_the_contact(
    api: FoldedApi,
) -> None:
    published(api)
    for _ in range(2):
        await api.get("/api/v1/ratings/event-01/contact")
    (first, second) = await audit(api, kind="contact_read", by="local")
    assert first["subject"] == second["subject"] == "d-1:event-01"
    assert "13800138000" not in str(first)


async def test_acts_are_found_by_who_when_and_in_pages(api: FoldedApi) -> None:
    published(api)
    text = api.tokens.create("clerk", ["operate"], None, 0)
    auditor = bearer(api.tokens.create("eve", ["audit"], None, 0))
    for step in ("maintenance", "approve", "maintenance"):
        path = f"/api/v1/devices/d-1/{step}"
        await api.ask("POST", path, json={}, headers=bearer(text))
        api.world.clock.advance(60_000)
    asked = {"by": "clerk", "limit": 2}
    page = (await api.ask("GET", "/api/v1/audit", params=asked, headers=auditor)).json()
    last = await api.ask(
        "GET",
        "/api/v1/audit",
        params={**asked, "cursor": page["next_cursor"]},
        headers=auditor,
    )
    found = [*page["items"], *last.json()["items"]]
    kinds = [one["kind"] for one in found]
    assert kinds == ["device_maintenance", "device_approved", "device_maintenance"]
    since = {"by": "clerk", "from": found[0]["at"]}
    some = await api.ask("GET", "/api/v1/audit", params=since, headers=auditor)
    assert [one["at"] for one in some.json()["items"]] == [found[0]["at"]]


async def test_what_the_roles_tell_is_shown_when_asked_for(api: FoldedApi) -> None:
    api.world.rules()
    api.world.act("link_down", {"reason": "refused"})
    kinds = {one["kind"] for one in await audit(api)}
    assert "link_down" not in kinds
    assert {"rules_applied", "sinks_applied"} <= kinds
    assert (await audit(api, all=True))[0]["kind"] == "link_down"
    assert (await audit(api, kind="link_down"))[0]["content"] == {"reason": "refused"}


async def test_a_long_table_is_told_by_its_length(api: FoldedApi) -> None:
    rows = [{"device_id": f"d-{n}", "lifecycle": "active"} for n in range(100)]
    act = {"author": "clerk", "rows": rows, "lines": list(range(2, 102))}
    api.world.act("devices_imported", act)
    newest = (await audit(api))[0]
    assert newest["content"]["rows"].endswith(" bytes)")
    assert newest["outcome"]["created"] == 100


async def test_what_the_journal_dropped_is_told_without_its_content(
    api: FoldedApi,
) -> None:
    published(api)
    await api.post("/api/v1/devices/d-1/maintenance", {})
    api.world.act("link_down", {"reason": "refused"})
    api.world.journal.prune(api.world.journal.last_number(), 1000)
    newest = (await audit(api))[0]
    assert (newest["kind"], newest["content"]) == ("device_maintenance", None)
    assert newest["subject"] == "d-1"


async def test_only_auditors_of_the_whole_gateway_see_it(api: FoldedApi) -> None:
    scopes = {"reader": ["read", "admin"], "bound": ["audit"]}
    codes = {}
    for name, given in scopes.items():
        site = "hall" if name == "bound" else None
        headers = bearer(api.tokens.create(name, given, site, 0))
        answer = await api.ask("GET", "/api/v1/audit", headers=headers)
        codes[name] = (answer.status_code, answer.json()["code"])
    assert codes == {"reader": (403, "forbidden"), "bound": (403, "site_bound")}


async def test_the_journal_tells_how_much_it_holds_and_where_it_stands(
    api: FoldedApi,
) -> None:
    published(api)
    body = (await api.get("/api/v1/journal")).json()
    head = api.world.journal.head
    assert head is not None
    assert body["head"]["block"] == body["blocks"] == head.number
    assert body["head"]["chain"] == head.chain.hex()
    assert (body["oldest"]["block"], body["pruned"]) == (1, None)
    assert body["messages"] == 1
    assert body["checkpoint"] is None
    told = {"block": 2, "file": "2.db", "digest": "", "at_ms": 0, "fold_version": 7}
    api.world.act("checkpoint_taken", told)
    checkpoint = (await api.get("/api/v1/journal")).json()["checkpoint"]
    assert (checkpoint["block"], checkpoint["fold_version"]) == (2, 7)
