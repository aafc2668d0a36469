"""Dead letters: what a sink refused, the answer it gave, and another try."""

import json
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.panels.way import heading
from gateway.console.pages.visit import Visit

_STATES: Final = ("dead", "replaying", "replayed", "purged")
_DEAD: Final = {"state": ("dead",)}
_COLOURS: Final = {"dead": "bad", "replaying": "fair", "replayed": "good"}


class Letters:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        sink = visit.query.get("sink", "")
        self._list = Listing(
            visit,
            "/deadletters",
            [
                Column("id", words("number"), "number"),
                Column("sink", words("sink"), href="/deadletters?sink={sink}"),
                Column("type", words("type")),
                Column("subject", words("subject")),
                Column("refused_at", words("refused_at"), "time"),
                Column("status", words("status"), "figure"),
                Column("answer", words("answer"), "long"),
                Column(
                    "state",
                    words("state"),
                    "state",
                    words={state: words(f"state_{state}") for state in _STATES},
                    colours=_COLOURS,
                ),
            ],
            label=words("page_deadletters"),
            empty=words("empty"),
            acts=self._acts(),
            params={"sink": sink},
        )
        if sink:
            ui.link(words("all"), PAGE.path)
        self._whole = ui.element("section").classes("console-card")
        self._whole.set_visibility(False)

    def _acts(self) -> list[Act]:
        words = self._visit.words
        look = Act("look", words("look"), self._look)
        if not self._visit.may("operate"):
            return [look]
        replay = Act("replay", words("replay"), self._replay, _DEAD)
        return [look, replay, Act("purge", words("purge"), self._purge, _DEAD)]

    async def _look(self, item: dict[str, Any]) -> None:
        visit = self._visit
        try:
            found = await visit.api.get(f"/deadletters/{int(item['id'])}")
        except Refusal as refusal:
            visit.refused(refusal)
            return
        self._whole.set_visibility(True)
        self._whole.clear()
        with self._whole:
            heading(visit.words("content_of", number=found["id"]))
            ui.label(f"{found['status'] or ''} {found['answer']}")
            content = json.dumps(found["content"], indent=2, ensure_ascii=False)
            with (
                ui.element("pre").classes("console-bytes").props("tabindex=0") as block
            ):
                block.props["aria-label"] = visit.words("content")
                ui.label(content)

    async def _replay(self, item: dict[str, Any]) -> None:
        await self._do("replay", item)

    async def _purge(self, item: dict[str, Any]) -> None:
        question = self._visit.words("purge_why")
        if await confirmed(self._visit, question, subject=str(item["subject"])):
            await self._do("purge", item)

    async def _do(self, what: str, item: dict[str, Any]) -> None:
        body = {"ids": [int(item["id"])]}
        if await self._visit.act(self._visit.api.post(f"/deadletters/{what}", body)):
            self._list.again()


async def build(visit: Visit) -> None:
    Letters(visit)


PAGE: Final = Page("deadletters", "/deadletters", build, icon="mark_email_unread")
