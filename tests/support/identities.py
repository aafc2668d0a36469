"""The store of identities as plain dictionaries: what the real one must answer."""

from collections.abc import Sequence

from gateway.ledger.identities import Claim, Holder

Key = tuple[str, int]


class DictIdentities:
    """Periods of dictionaries; the last one takes what is new."""

    def __init__(self, period_ms: int) -> None:
        self._period_ms = period_ms
        self._periods: list[tuple[int, dict[Key, Holder]]] = []  # since, holders

    def load(self) -> None:
        """Nothing is kept elsewhere."""

    def turn(self, now_ms: int, horizon_ms: int, *, expire: bool = True) -> None:
        if not self._periods or now_ms >= self._periods[-1][0] + self._period_ms:
            self._periods.append((now_ms, {}))
        while (
            expire
            and len(self._periods) > 1
            and self._periods[1][0] <= now_ms - horizon_ms
        ):
            self._periods.pop(0)

    def claim(self, claims: Sequence[Claim]) -> dict[int, Holder]:
        held: dict[int, Holder] = {}
        for index, (event_id, device_no, place, content_hash) in enumerate(claims):
            holder = self.find(event_id, device_no)
            if holder is None:
                holder = Holder(place, content_hash)
                self._periods[-1][1][event_id, device_no] = holder
            if holder.place != place:
                held[index] = holder
        return held

    def find(self, event_id: str, device_no: int) -> Holder | None:
        for _, holders in self._periods:
            if (event_id, device_no) in holders:
                return holders[event_id, device_no]
        return None
