"""Follow-ups: who of the dissatisfied was promised what, and until when."""

from typing import Any, Final, Literal
from urllib.parse import quote

from gateway.console.pages.dialogs import asked
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading, ways
from gateway.console.pages.visit import Visit

Kind = Literal["followups", "complaints"]

_STATES: Final = ("open", "overdue", "due", "closed")
_STEPS: Final = ("contacted", "fixed", "confirmed")
_COLOURS: Final = {"due": "fair", "overdue": "bad", "closed": "good"}


class Duties:
    """One list of them, with what can be done next."""

    def __init__(self, visit: Visit, kind: Kind, state: str, key: str) -> None:
        self._visit, self._kind, self._key = visit, kind, key
        words = visit.words
        heading(words(kind))
        acts = [self._step(name) for name in _STEPS] if visit.may("operate") else []
        self._list = Listing(
            visit,
            f"/{kind}",
            self._columns(),
            label=words(kind),
            empty=words(f"no_{kind}"),
            acts=acts,
            params={"state": state},
        )

    def _columns(self) -> list[Column]:
        words = self._visit.words
        states = {name: words(f"duty_{name}") for name in ("due", "overdue", "closed")}
        link = "/ratings/{rating_id}" if self._kind == "followups" else ""
        due = "followup_due_at" if self._kind == "followups" else "reply_due_at"
        return [
            Column(self._key, words(f"of_{self._kind}"), href=link),
            Column("state", words("state"), "state", "", states, _COLOURS),
            Column(due, words("due"), "time"),
            Column("site", words("site"), names="sites"),
            Column("department", words("department"), names="departments"),
            Column("window", words("window"), names="windows"),
            Column("employee_id", words("employee"), names="employees"),
            *(Column(f"{step}_at", words(step), "time") for step in _STEPS),
        ]

    def _step(self, name: str) -> Act:
        async def do(item: dict[str, Any]) -> None:
            await self._take(name, item)

        return Act(name, self._visit.words(f"do_{name}"), do, {f"{name}_at": (None,)})

    async def _take(self, step: str, item: dict[str, Any]) -> None:
        visit, subject = self._visit, str(item[self._key])
        told = await asked(
            visit, visit.words(f"do_{step}"), reason=True, values={"": subject}
        )
        if told is None:
            return
        path = f"/{self._kind}/{quote(subject, safe='')}/{step}"
        body = {"note": told["reason"] or None}
        if await visit.act(visit.api.post(path, body)):
            self._list.again()


async def build(visit: Visit) -> None:
    words = visit.words
    state = visit.query.get("state", "open")
    state = state if state in _STATES else "open"
    targets = {words(f"duty_{it}"): f"{PAGE.path}?state={it}" for it in _STATES}
    ways(words("states"), targets, f"{PAGE.path}?state={state}")
    Duties(visit, "followups", state, "rating_id")
    Duties(visit, "complaints", state, "complaint_id")


PAGE: Final = Page("followups", "/followups", build, icon="support_agent")
