"""Words for the names that the pages of upkeep share."""

from collections.abc import Sequence
from typing import Final

from gateway.console.pages.visit import Visit

WORKS: Final = ("inspection", "clean", "repair", "replace", "firmware", "relocate")


STATES: Final = ("overdue", "due", "due_soon", "not_due")
COLOURS: Final = {"overdue": "bad", "due": "fair", "due_soon": "", "not_due": "good"}
RESULTS: Final = ("ok", "degraded", "out_of_service")


def words_of(visit: Visit, kind: str, names: Sequence[str]) -> dict[str, str]:
    """The words of `kind_NAME` by name."""
    return {name: visit.words(f"{kind}_{name}") for name in names}
