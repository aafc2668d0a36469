"""What went no further: looked at, tried again, or dropped for good."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.sentences import RECORDED
from gateway.console.pages.visit import Visit

Item = Mapping[str, Any]


class Kind(NamedTuple):
    """`path` is the API's and the page's own; `of` the parameter that narrows it.

    Something can be done about items whose state is `waiting`; `subject` is the key of
    what is told of one before it is dropped.
    """

    path: str
    of: str
    waiting: str
    subject: str


def detail(visit: Visit, key: str, label: str, recorded: str) -> Column:
    """What is wrong with each item, and beside it what says so as it was written."""
    if visit.words.language == RECORDED:
        return Column(recorded, label, "long")
    words = visit.words.all_of("meaning")
    return Column(key, label, "told", words=words, recorded=recorded, beside=True)


def evidence(visit: Visit, text: str) -> None:
    """What is wrong with one item, and the same as it was written."""
    told = visit.sentences.told(text)
    if told is not None:
        ui.label(told)
    ui.label(text).classes("console-raw" if told else "").props(f"lang={RECORDED}")


class Leftovers:
    """Their list, and below it the one that is looked at, as `show` draws it."""

    def __init__(
        self,
        visit: Visit,
        kind: Kind,
        columns: Sequence[Column],
        show: Callable[[Visit, Item], None],
    ) -> None:
        self._visit, self._kind, self._show = visit, kind, show
        words = visit.words
        wanted = visit.query.get(kind.of, "")
        self._list = Listing(
            visit,
            kind.path,
            columns,
            label=words(f"page_{kind.path.removeprefix('/')}"),
            empty=words("empty"),
            acts=self._acts(),
            params={kind.of: wanted},
        )
        if wanted:
            ui.link(words("all"), kind.path)
        self._whole = ui.element("section").classes("console-card")
        self._whole.set_visibility(False)

    def _acts(self) -> list[Act]:
        words, waiting = self._visit.words, {"state": (self._kind.waiting,)}
        look = Act("look", words("look"), self._look)
        if not self._visit.may("operate"):
            return [look]
        replay = Act("replay", words("replay"), self._replay, waiting)
        return [look, replay, Act("purge", words("purge"), self._purge, waiting)]

    async def _look(self, item: Item) -> None:
        try:
            found = await self._visit.api.get(f"{self._kind.path}/{int(item['id'])}")
        except Refusal as refusal:
            self._visit.refused(refusal)
            return
        self._whole.set_visibility(True)
        self._whole.clear()
        with self._whole:
            self._show(self._visit, found)

    async def _replay(self, item: Item) -> None:
        await self._do("replay", item)

    async def _purge(self, item: Item) -> None:
        question, subject = self._visit.words("purge_why"), self._kind.subject
        if await confirmed(self._visit, question, **{subject: str(item[subject])}):
            await self._do("purge", item)

    async def _do(self, what: str, item: Item) -> None:
        body, path = {"ids": [int(item["id"])]}, f"{self._kind.path}/{what}"
        if await self._visit.act(self._visit.api.post(path, body)):
            self._list.again()
