"""Who speaks on a topic: a terminal, a ghost, or what speaks over HTTP."""

from typing import Final

from device_protocol.errors import ProtocolError, Reason
from device_protocol.topics import Address, Channel, is_device_id, parse
from fleet.registry import is_reserved
from gateway.ledger.devices import Device
from gateway.ports import Record, RecordKind
from gateway.processing.state import DEVICES_MAX, PENDING_MAX, State

_HTTP_CHANNELS: Final = frozenset({Channel.RATING.value, Channel.SESSION.value})


def address_of(state: State, record: Record) -> Address:
    """The device and the channel that a record's topic names.

    Raises:
        ProtocolError: it names none, or who may not speak there.
    """
    if record.kind == RecordKind.HTTP:
        device_id, _, channel = record.topic.partition("/")
        if not is_device_id(device_id) or channel not in _HTTP_CHANNELS:
            raise ProtocolError(Reason.BAD_TOPIC, "not an element over HTTP")
        return Address(device_id, Channel(channel))
    address = parse(state.rules.root, record.topic)
    if is_reserved(address.device_id) and not _is_ghost(state, address):
        detail = "http-… and canary-… are no terminal's id"
        raise ProtocolError(Reason.REFUSED_DEVICE, detail)
    return address


def _is_ghost(state: State, address: Address) -> bool:
    """Whether a canary of a site may press there."""
    ghosts = state.canaries.ghosts
    return address.device_id in ghosts and address.channel is Channel.RATING


def meet(state: State, device_id: str, kind: int) -> Device | None:
    """A device that speaks for the first time; None: there is no room to know it."""
    if len(state.by_id) >= DEVICES_MAX:
        return None  # held without an entry, as beyond PENDING_MAX
    trusted = kind == RecordKind.HTTP or device_id in state.canaries.ghosts
    if trusted or state.rules.unknown_devices == "approve":
        return state.add_device(device_id, "active")
    if state.rules.unknown_devices == "refuse":
        return state.add_device(device_id, "refused")
    if state.pending >= PENDING_MAX:
        return None
    return state.add_device(device_id, "pending")
