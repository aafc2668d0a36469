"""The rating that a text means, by the ids that devices gave out."""

from device_protocol.identity import rating_id, references
from gateway.ledger.ratings import Stored, default_place
from gateway.processing.state import State


def find_rating(state: State, rating_id: str) -> Stored | None:
    """The rating with this id, if the ledger holds it."""
    device_id, _, event_id = rating_id.partition(":")
    device = state.by_id.get(device_id)
    if device is None:
        return None
    holder = state.store.identities.find(event_id, device.no)
    place = default_place(event_id) if holder is None else holder.place
    found = None
    if place is not None:
        found = next(iter(state.ratings.at([place])), None)
    return found if found is not None and found.rating_id == rating_id else None


def amended_by(state: State, device_id: str, text: str) -> Stored | None:
    """The rating that a reference means, if its row is written."""
    meant = (rating_id(*one) for one in references(device_id, text))
    found = (find_rating(state, one) for one in meant)
    return next((one for one in found if one is not None), None)


def meant_by(state: State, device_id: str, text: str) -> str:
    """The rating_id that a reference means: one held, its own device's first.

    Before either has come it is read as a rating_id, if it can be.
    """
    meant = references(device_id, text)
    for of, event_id in meant:
        device = state.by_id.get(of)
        if device and state.store.identities.find(event_id, device.no):
            return rating_id(of, event_id)
    return rating_id(*meant[-1])
