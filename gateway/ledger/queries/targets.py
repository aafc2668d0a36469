"""Missed targets, the one that was told last first."""

from typing import Final

import apsw

from gateway.queries.asking import Page, Slice
from gateway.queries.targets import Miss
from gateway.reading.paging import Conditions, Listing, page

_SELECT: Final = (
    "SELECT no, period, figure, scope, rules, at_least, value, n, at_ms"
    " FROM target_miss"
)


def misses(connection: apsw.Connection, part: Slice) -> Page[Miss]:
    listing = Listing(_SELECT, "target_miss", "no", lambda row: Miss(*row[1:]))
    return page(connection, listing, Conditions(), part)
