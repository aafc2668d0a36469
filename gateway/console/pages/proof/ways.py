"""From the figures to what proves them, and back."""

from typing import Final

from gateway.console.pages.panels.blocks import ways
from gateway.console.pages.visit import Visit

FIGURES: Final = "/statistics"
MONTHS: Final = "/statistics/months"
SAMPLES: Final = "/statistics/samples"

_PAGES: Final = {"statistics": FIGURES, "months": MONTHS, "samples": SAMPLES}


def proof_ways(visit: Visit, here: str = "") -> None:
    """The pages under Statistics; `here` is the path of one of them."""
    targets = {visit.words(f"page_{name}"): path for name, path in _PAGES.items()}
    ways(visit.words("proof_ways"), targets, here)
