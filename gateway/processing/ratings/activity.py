"""What any event tells of its device: its place in the sequence."""

from device_protocol.messages import EventMessage
from fleet.sequence import Finding, observe
from gateway.ledger.devices import Device
from gateway.ledger.losses import Losses
from gateway.processing.alerting.alerts import announce
from gateway.processing.ratings.losing import count_found, count_lost
from gateway.processing.state import State


def observe_event(
    state: State, device: Device, message: EventMessage
) -> tuple[str, ...]:
    """Take in that an event came; answers the flags that its `seq` calls for."""
    if message.seq is None:
        return ()
    return follow(state, device, message.seq, message.boot_id)


def follow(
    state: State, device: Device, seq: int, boot_id: str | None
) -> tuple[str, ...]:
    """Account for a `seq`: usually the one after the last."""
    sequence = device.sequence
    if (
        sequence.last is not None
        and seq == sequence.last + 1
        and (boot_id is None or boot_id == sequence.boot_id)
    ):
        sequence.last = seq
        return ()
    return _unexpected(state, device, seq, boot_id)


def _unexpected(
    state: State, device: Device, seq: int, boot_id: str | None
) -> tuple[str, ...]:
    sequence = device.sequence
    found = observe(sequence, seq, boot_id)
    device.gaps = None
    if found.filled:
        count_found(state, device, seq, found.age)
    elif found.opened is not None:
        count_lost(state, device, *found.opened, age=found.age)
    if found.finding is Finding.REUSED:
        return (Finding.REUSED.value,)
    if found.finding is Finding.RESET:
        state.daybook.count_anew(device)
        Losses(state.store).begin_anew(device.no)
        if device.pressing is not None:  # which it changed
            state.beating_devices.add(device)
        data = {"device_id": device.device_id, "seq": seq, "boot_id": boot_id}
        announce(state, "device.seq_reset", device.device_id, data)
    return ()
