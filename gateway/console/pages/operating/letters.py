"""Dead letters: what a sink refused, the answer it gave, and another try."""

import json
from typing import Final

from gateway.console.pages.listing import Column
from gateway.console.pages.operating.leftovers import (
    Item,
    Kind,
    Leftovers,
    detail,
    evidence,
)
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading, text_block
from gateway.console.pages.visit import Visit

_LETTERS: Final = Kind("/deadletters", of="sink", waiting="dead", subject="subject")
_STATES: Final = ("dead", "replaying", "replayed", "purged")
_COLOURS: Final = {"dead": "bad", "replaying": "fair", "replayed": "good"}


async def build(visit: Visit) -> None:
    Leftovers(visit, _LETTERS, _columns(visit), _show)


def _columns(visit: Visit) -> list[Column]:
    words = visit.words
    states = {state: words(f"state_{state}") for state in _STATES}
    return [
        Column("id", words("number"), "number"),
        Column("sink", words("sink"), href="/deadletters?sink={sink}"),
        Column("type", words("type")),
        Column("subject", words("subject")),
        Column("refused_at", words("refused_at"), "time"),
        Column("status", words("status"), "figure"),
        detail(visit, "status", words("answer"), "answer"),
        Column("state", words("state"), "state", "", states, _COLOURS),
    ]


def _show(visit: Visit, found: Item) -> None:
    heading(visit.words("content_of", number=found["id"]))
    evidence(visit, f"{found['status'] or ''} {found['answer']}".strip())
    content = json.dumps(found["content"], indent=2, ensure_ascii=False)
    text_block(content, visit.words("content"))


PAGE: Final = Page("deadletters", _LETTERS.path, build, icon="mark_email_unread")
