"""Comments and contacts leave the message at the fold, sealed."""

import msgspec

from device_protocol.messages import Rating
from gateway.ledger.devices import Device
from gateway.processing.alerts import announce
from gateway.processing.settling import meant_by
from gateway.processing.state import State


class Personal:
    """Collects a run's personal fields and writes them at its end."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rows: list[tuple[int, str, int, bytes, bytes]] = []

    def keep(self, place: int, device: Device, rating: Rating) -> None:
        """Seal what a rating, or a comment alone, says about a person."""
        ring = self._state.keyring
        own = f"{device.device_id}:{rating.event_id}"
        subject = own
        if rating.comment_for is not None:
            subject = meant_by(self._state, device.device_id, rating.comment_for)
        fields: dict[str, object] = {}
        if rating.comment is not None:
            fields["comment"] = rating.comment
        if rating.contact is not None:
            fields["contact"] = rating.contact
        plain = msgspec.json.encode(fields)
        sealed = ring.seal(plain, own.encode())
        digest = ring.digest(ring.key_id, plain)
        self._rows.append((place, own, ring.key_id, sealed, digest))
        if rating.mode == "live":
            data = {"rating_id": subject, "device_id": device.device_id}
            partition = rating.session_id or device.device_id
            announce(self._state, "comment.attached", subject, data, partition, place)

    def save(self) -> None:
        if self._rows:
            self._state.ratings.add_personal(self._rows)
            self._rows.clear()
