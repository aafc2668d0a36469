"""Between which places the ratings lie that came within five minutes."""

from collections.abc import Sequence

from gateway.ledger.schema_arrivals import SLICE_MS
from gateway.ledger.store import Store


class Arrivals:
    """The table `arrival`; what a transaction adds is kept until `save`.

    It follows from the ratings' own rows, whatever clocks and repetitions did.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slices: dict[int, tuple[int, int]] = {}

    def note(self, places: Sequence[int], received: Sequence[int]) -> None:
        """Ratings were written: where each of them lies, and when it came in ms."""
        slices = {at_ms // SLICE_MS for at_ms in received}
        if len(slices) == 1:  # as nearly always: no look at each of them
            self._widen(slices.pop(), min(places), max(places))
            return
        for place, at_ms in zip(places, received, strict=True):
            self._widen(at_ms // SLICE_MS, place, place)

    def _widen(self, of: int, first: int, last: int) -> None:
        low, high = self._slices.get(of, (first, last))
        self._slices[of] = min(low, first), max(high, last)

    def save(self) -> None:
        self._store.many(
            "INSERT INTO arrival VALUES (?, ?, ?) ON CONFLICT (slice) DO UPDATE SET"
            " first_place = min(first_place, excluded.first_place),"
            " last_place = max(last_place, excluded.last_place)",
            [(each, *places) for each, places in sorted(self._slices.items())],
        )
        self._slices.clear()
