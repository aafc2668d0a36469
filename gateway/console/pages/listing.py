"""A list of the API as a table, its rows fetched by the browser as somebody reads on.

They never pass through the page's own process, so that a long list costs it nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from gateway.console.pages.numbers import UNITS
from gateway.console.pages.sentences import RECORDED
from gateway.console.pages.visit import Visit

_PREFIX: Final = "/api/v1"
_ROWS: Final = 50
LANGUAGES: Final = {"en": "en-GB", "zh": "zh-CN"}
_NOTHING: Final[Mapping[str, str]] = {}


class Column(NamedTuple):
    """`key` leads to the value, as `key.site`; `kind` says how it is written.

    Kinds are text, long (of several lines), short (its beginning, the whole on hover),
    number, figure (a number that is a text), mean (of which two places are shown, the
    whole on hover), percent, duration (of ms), time, state, level, link (whose text is
    the label) and told (a cause in the words of `causes.py`, with the item's `figures`;
    the API's own sentence, under the key `recorded`, where they lack it, and on hover;
    where it is evidence, `beside` what is told, too), said (a sentence of the gateway,
    its own words on hover). `href` makes it a link, with
    places for values of the same item: `/devices/{device_id}`. `words` translate
    values, that of "" stands where there is none; `colours` (good, fair, bad) tell
    states apart. Values that are ids of a table of the organisation (`names`) are shown
    by name, with the id on hover.
    """

    key: str
    label: str
    kind: str = "text"
    href: str = ""
    words: Mapping[str, str] = _NOTHING
    colours: Mapping[str, str] = _NOTHING
    recorded: str = ""
    names: str = ""
    beside: bool = False


class Act(NamedTuple):
    """A button in each row, or in those whose values are among those of `when`."""

    name: str
    label: str
    do: Callable[[dict[str, Any]], Awaitable[None]]
    """Given the row's item as the browser has it: only its keys may be trusted to the
    API, which checks them anew."""
    when: Mapping[str, Sequence[object]] | None = None


class Listing(Element, component="listing.js"):
    """Shows `path` of the API; `filter` asks for other rows."""

    def __init__(  # noqa: PLR0913 -- what a table is made of
        self,
        visit: Visit,
        path: str,
        columns: Sequence[Column],
        *,
        label: str,
        empty: str,
        acts: Sequence[Act] = (),
        params: Mapping[str, object] = _NOTHING,
    ) -> None:
        super().__init__()
        self._visit = visit
        self._path = path
        self._acts = {act.name: act for act in acts}
        words = ("loading", "more", "failed", "shown", "none_yet", "acts", "joint")
        self._props["label"] = label
        self._props["columns"] = [column._asdict() for column in columns]
        self._props["acts"] = [
            {"name": act.name, "label": act.label, "when": act.when} for act in acts
        ]
        self._props["words"] = {"empty": empty} | {
            key: visit.words(f"list_{key}") for key in words
        }
        self._props["words"] |= {f"for_{it}": visit.words(f"for_{it}") for it in UNITS}
        told = {} if visit.words.language == RECORDED else visit.words.all_of("problem")
        self._props["problems"] = told
        if any(column.kind == "said" for column in columns):
            self._props["sentences"] = visit.sentences.for_browsers()
            self._props["kinds"] = visit.sentences.kinds()
        self._props["zone"] = str(visit.zone)
        self._props["language"] = LANGUAGES[visit.words.language]
        self._props["url"] = self._url(params)
        self.on("act", self._do)

    def filter(self, params: Mapping[str, object]) -> None:
        """Show what the API answers to these parameters; those of None are left out."""
        self._props["url"] = self._url(params)
        self.update()

    def again(self) -> None:
        """Ask once more: something was changed."""
        self.run_method("again")

    def _url(self, params: Mapping[str, object]) -> str:
        given = {
            key: value
            for key, value in {"limit": _ROWS, **params}.items()
            if value not in (None, "")
        }
        return f"{_PREFIX}{self._path}?{urlencode(given, doseq=True)}"

    async def _do(self, event: GenericEventArguments) -> None:
        act = self._acts[event.args["name"]]
        await act.do(event.args["item"])
