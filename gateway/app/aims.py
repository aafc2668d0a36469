"""Whether what targets are set for is there: a slip would never be told of."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from difflib import get_close_matches
from typing import Any, Final

import apsw
import msgspec

from fleet.tables import KEYS
from gateway.app.paths import Paths
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.processing.applying import Table
from gateway.processing.days.target_ends import TARGETS
from gateway.queries.asking import QueryDeadlineError, StoreAbsentError
from gateway.ratings.dimensions import MEDIA
from gateway.ratings.targets import EACH
from gateway.reading import Reader
from gateway.settings import Settings, SettingsError

_PLACES: Final = ("site", "department", "window", "employee", "device")
"""What of a scope stands in a table; services are called as systems please."""


def refuse_strangers(settings: Settings, tables: Sequence[Table]) -> None:
    """Let new targets name only what a table lists, or has come up already.

    A target that is in force stays so: no gateway that ran is kept from starting, nor
    one whose ledger is yet to be folded again. Where neither a table nor a ledger can
    tell, as before a first start, nothing is refused.

    Raises:
        SettingsError: one line a name that nobody knows.
    """
    paths = Paths(settings)
    lost = paths.journal.exists() and not paths.ledger.exists()
    if lost or not any(one.scope for one in settings.targets):
        return
    with closing(Reader(paths.ledger)) as reader:
        try:
            lines = [*_strangers(settings, _Names(tables, SqliteLedgerQueries(reader)))]
        except (QueryDeadlineError, apsw.Error):
            return  # a ledger that cannot be read is told of elsewhere
    if lines:
        raise SettingsError(*lines)


class _Names:
    """Names by the tables to be put in force, and by the ledger if there is one."""

    def __init__(self, tables: Sequence[Table], ledger: SqliteLedgerQueries) -> None:
        self._named = _named(tables)
        self._ledger = ledger
        self.in_force: list[Any] = []
        try:
            self.in_force = json.loads(ledger.setting(TARGETS) or "[]")
            self._has_ledger = True
        except StoreAbsentError:
            self._has_ledger = False

    def known(self, place: str, name: str) -> bool:
        """Whether there is such a one, or nobody can say."""
        named = self._named[place]
        if name in named or not (named or self._has_ledger):
            return True
        return self._has_ledger and self._ledger.is_known(f"{place}s", name, None)

    def advice(self, place: str, name: str) -> str:
        near = get_close_matches(name, self._named[place], n=1)
        if near:
            return f"did you mean {near[0]}?"
        return f"list it in fleet.{place}s_file, or over the API, first"


def _named(tables: Sequence[Table]) -> dict[str, set[str]]:
    """What tables list, and what their rows speak of."""
    named = defaultdict[str, set[str]](set)
    for table in tables:
        own, key = table.name.removesuffix("s"), KEYS[table.name][0]
        columns = {own: key, "device": "device_id"}
        for place in _PLACES:
            column = columns.get(place, place)
            named[place] |= {row[column] for row in table.rows if row.get(column)}
    return named


def _strangers(settings: Settings, names: _Names) -> Iterator[str]:
    for number, one in enumerate(settings.targets):
        if msgspec.to_builtins(one.target()) in names.in_force:
            continue
        for place, name in one.scope.items():
            where = f"targets[{number}].scope.{place}"
            if place == "medium" and name not in {EACH, *MEDIA}:
                yield f"{where}: no medium {name!r}: there are {', '.join(MEDIA)}"
            elif place in _PLACES and name != EACH and not names.known(place, name):
                yield f"{where}: no {place} {name!r}: {names.advice(place, name)}"
