"""Whoever may use the API is on record, though tokens are made in a file."""

import json

from gateway.console.token_log import TokenLog
from tests.support.folded_api import FoldedApi


def told(api: FoldedApi) -> list[dict[str, object]]:
    text = api.world.one("SELECT value FROM setting WHERE name = 'tokens'")
    tokens: list[dict[str, object]] = json.loads(text)
    return tokens


async def test_each_change_of_the_tokens_is_recorded_once(api: FoldedApi) -> None:
    log: TokenLog = api.app.state.token_log
    before = api.world.journal.last_number()
    await log.look()
    assert api.world.journal.last_number() == before
    api.tokens.create("queue", ["operate"], "hall", 1_000)
    await log.look()
    await log.look()
    expected = {
        "name": "queue",
        "scopes": ["operate"],
        "site": "hall",
        "created_ms": 1_000,
    }
    assert told(api) == [expected]
    assert api.world.journal.last_number() == before + 1
    api.tokens.revoke("queue")
    await log.look()
    assert told(api) == []


async def test_no_record_holds_a_token_or_its_digest(api: FoldedApi) -> None:
    text = api.tokens.create("queue", ["operate"], None, 1_000)
    (token,) = api.tokens.all()
    await api.app.state.token_log.look()
    records = b"".join(
        record.payload
        for block in api.world.journal.blocks(0, 100)
        for record in block.records or []
    )
    assert b"queue" in records
    assert text.encode() not in records
    assert token.digest.encode() not in records


async def test_after_a_restart_nothing_is_recorded_twice(api: FoldedApi) -> None:
    api.tokens.create("queue", ["operate"], None, 1_000)
    await api.app.state.token_log.look()
    block = api.world.journal.last_number()
    await api.created().state.token_log.look()
    assert api.world.journal.last_number() == block
