"""Where a rating counts: the binding in force at its event."""

from typing import Final

import msgspec

from gateway.ledger.devices import Binding, Device
from gateway.ports import Record, RecordKind
from gateway.processing.state import State

TERMINAL: Final = "terminal"


class OverHttp(msgspec.Struct, frozen=True, gc=False):
    """What an element over HTTP says beside the message's own fields."""

    site: str | None = None
    window: str | None = None
    medium: str = "web"


_OVER_HTTP: Final = msgspec.json.Decoder(OverHttp)


def binding_of(state: State, device: Device, record: Record) -> Binding:
    """The binding of a rating: its device's, or what came with it over HTTP."""
    if record.kind == RecordKind.HTTP:
        extra = _OVER_HTTP.decode(record.payload)
        window = state.windows.get(extra.window or "", {})
        site = extra.site or window.get("site")
        return state.bind(site, window.get("department"), extra.window, extra.medium)
    if device.binding is None:
        device.binding = state.bind(
            device.site, device.department, device.window, TERMINAL
        )
    return device.binding
