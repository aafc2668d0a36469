"""What one block owes: its events, receipts, orders and controls, in fold order."""

from gateway.ports import (
    AnyEvent,
    Control,
    Event,
    HealthPoint,
    Order,
    OutboxRow,
    Receipt,
)


class Emission:
    """Collects a block's outbox row."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.events: list[AnyEvent] = []
        self.controls: list[Control] = []
        self.orders: list[Order] = []
        self._points = 0
        self._notices = 0
        self._canaries = 0
        self._receipts: dict[str, Receipt] = {}

    def plot(self, point: HealthPoint) -> None:
        """Owe a point to the time series."""
        self.events.append(point)
        self._points += 1

    def notify(self, notice: Event) -> None:
        """Owe a notice to the recipient that its partition names."""
        self.events.append(notice)
        self._notices += 1

    def watch_for(self) -> None:
        """What was put last is looked for where it arrives."""
        self._canaries += 1

    def keep(self, device_id: str, event_id: str) -> None:
        """Tell a terminal that this event is kept."""
        receipt = self._receipts.get(device_id)
        if receipt is None:
            self._receipts[device_id] = Receipt(device_id, [event_id], [])
        else:
            receipt.event_ids.append(event_id)

    def reject(self, device_id: str, what: str, reason: str) -> None:
        """Tell a terminal that resending this is useless."""
        receipt = self._receipts.setdefault(device_id, Receipt(device_id, [], []))
        receipt.rejected.append((what, reason))

    def row(self, block: int, appended_ms: int) -> OutboxRow:
        """The block's row so far."""
        receipts = list(self._receipts.values())
        return OutboxRow(
            block,
            appended_ms,
            self.events,
            receipts,
            self.controls,
            self._points,
            self._notices,
            self._canaries,
            self.orders,
        )
