"""Who did what, newest first, each read of a contact among it."""

from typing import Any, Final

from nicegui import ui

from gateway.console.pages.listing import Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.visit import Visit

_RESULTS: Final = ("done", "refused", "repeated")


async def build(visit: Visit) -> None:
    words = visit.words
    asked: dict[str, Any] = {name: visit.query.get(name, "") for name in ("by", "kind")}
    if any(asked.values()):
        ui.link(words("all"), PAGE.path)
    Listing(
        visit,
        "/audit",
        [
            Column("at", words("at"), "time"),
            Column("by", words("by"), href="/audit?by={by}"),
            Column(
                "kind",
                words("kind"),
                href="/audit?kind={kind}",
                words=words.all_of("act"),
            ),
            Column("subject", words("subject")),
            Column(
                "result",
                words("result"),
                "state",
                words={it: words(f"result_{it}") for it in _RESULTS},
                colours={"done": "good", "refused": "bad"},
            ),
            Column("outcome.detail", words("why"), "said"),
            Column("content", words("content"), "long"),
        ],
        label=words("page_audit"),
        empty=words("empty"),
        params=asked,
    )


PAGE: Final = Page("audit", "/audit", build, icon="history", scope="audit")
