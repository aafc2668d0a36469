"""Tokens are made and revoked in a file: each change of it becomes a record."""

import asyncio
from typing import Any, Final

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool

from gateway.acts import ActName, TokensAct
from gateway.console.acts import Acts
from gateway.errors import PermanentError, TransientError
from gateway.queries import LedgerQueries
from gateway.tokens import Token, Tokens

LOOK_EVERY_S: Final = 5.0
_AUTHOR: Final = "console"

log = structlog.get_logger("console")


class TokenLog:
    """Compares the file with what the ledger holds of it: names, scopes and sites."""

    def __init__(self, tokens: Tokens, ledger: LedgerQueries, acts: Acts) -> None:
        self._tokens = tokens
        self._ledger = ledger
        self._acts = acts
        self._told: list[dict[str, Any]] | None = None

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            try:
                await self.look()
            except (TransientError, PermanentError) as error:
                log.warning("tokens_not_recorded", detail=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Record the tokens as they are now, unless that is known."""
        now = [_public(token) for token in self._tokens.all()]
        if now == self._told:
            return
        text = await run_in_threadpool(self._ledger.setting, "tokens")
        if now != (msgspec.json.decode(text) if text else []):
            act = TokensAct(author=_AUTHOR, tokens=now)
            await self._acts.record(ActName.TOKENS_APPLIED, act)
            log.info("tokens_recorded", names=[one["name"] for one in now])
        self._told = now


def _public(token: Token) -> dict[str, Any]:
    """Without the digest, which is nobody's business but ours."""
    return {
        "name": token.name,
        "scopes": list(token.scopes),
        "site": token.site,
        "created_ms": token.created_ms,
    }
