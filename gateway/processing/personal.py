"""Comments and contacts leave the message at the fold, sealed."""

import msgspec

from device_protocol.messages import Rating
from gateway.ledger.devices import Device
from gateway.processing.alerts import announce
from gateway.processing.settling import meant_by
from gateway.processing.state import State


def seal(
    state: State, place: int, own: str, fields: dict[str, object]
) -> tuple[int, str, int, bytes, bytes]:
    """The row that keeps what an element with the id `own` says about a person."""
    ring = state.keyring
    plain = msgspec.json.encode(fields)
    sealed = ring.seal(plain, own.encode())
    return place, own, ring.key_id, sealed, ring.digest(ring.key_id, plain)


class Personal:
    """Collects a run's personal fields and writes them at its end."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows: list[tuple[int, str, int, bytes, bytes]] = []

    def keep(self, place: int, device: Device, rating: Rating) -> None:
        """Seal what a rating, or a comment alone, says about a person."""
        own = f"{device.device_id}:{rating.event_id}"
        subject = own
        if rating.comment_for is not None:
            subject = meant_by(self._state, device.device_id, rating.comment_for)
        fields: dict[str, object] = {}
        if rating.comment is not None:
            fields["comment"] = rating.comment
        if rating.contact is not None:
            fields["contact"] = rating.contact
        self._rows.append(seal(self._state, place, own, fields))
        if rating.mode == "live":
            data = {"rating_id": subject, "device_id": device.device_id}
            partition = rating.session_id or device.device_id
            announce(self._state, "comment.attached", subject, data, partition, place)

    def save(self) -> None:
        if self._rows:
            self._state.ratings.add_personal(self._rows)
            self._rows.clear()
