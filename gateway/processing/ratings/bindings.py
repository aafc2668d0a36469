"""Where a rating counts: the binding in force at its event."""

from collections.abc import Callable, Iterator
from typing import Annotated, Final

import msgspec

from device_protocol.codec import Uplink, decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.topics import Channel
from fleet.registry import ACCEPTING
from gateway.ledger.devices import Binding, Device
from gateway.ledger.ratings import Stored
from gateway.ports import Record, RecordKind
from gateway.processing.state import State
from gateway.ratings.dimensions import MEDIA

TERMINAL: Final = "terminal"


Name = Annotated[str, msgspec.Meta(max_length=64)]


class OverHttp(msgspec.Struct, frozen=True, gc=False):
    """What an element over HTTP says beside the message's own fields.

    `device_id` is the terminal that a session event speaks of.
    """

    site: Name | None = None
    window: Name | None = None
    medium: Name = "web"
    device_id: Name | None = None


_OVER_HTTP: Final = msgspec.json.Decoder(OverHttp)


def over_http(payload: bytes) -> OverHttp:
    """Those fields of an element that was accepted."""
    return _OVER_HTTP.decode(payload)


def reader_over_http(channel: Channel) -> Callable[[str, bytes], Uplink]:
    """What reads an element over HTTP: it comes alone, with fields of its own.

    The reader raises ProtocolError as for any message, or `schema` for those fields.
    """

    def read(device_id: str, payload: bytes) -> Uplink:
        # A queue system speaks of a terminal, a rating only for itself.
        if channel is Channel.SESSION:
            device_id = _named(payload) or device_id
        message = decode(channel, device_id, payload)
        if isinstance(message, list):
            raise ProtocolError(Reason.SCHEMA, "an array: over HTTP each comes alone")
        try:
            medium = _OVER_HTTP.decode(payload).medium
        except msgspec.MsgspecError as error:
            raise ProtocolError(Reason.SCHEMA, str(error)) from None
        if channel is Channel.RATING and medium not in MEDIA:
            detail = f"medium: {medium!r} is none of {', '.join(MEDIA)}"
            raise ProtocolError(Reason.SCHEMA, detail)
        return message

    return read


def _named(payload: bytes) -> str | None:
    try:
        return _OVER_HTTP.decode(payload).device_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # decoding says what is wrong with it


def site_of(state: State, record: Record) -> str | None:
    """The site of an element over HTTP: its own, or that of its window.

    A window that no table names is at the one site of the terminals that stand there.
    """
    extra = _OVER_HTTP.decode(record.payload)
    if extra.site or extra.window is None:
        return extra.site
    if extra.window in state.windows:
        site: str | None = state.windows[extra.window].get("site")
        return site
    stand = {one.site for one in state.by_id.values() if one.window == extra.window}
    return stand.pop() if len(stand) == 1 else None


def terminals_at(
    state: State, site: str, window: str, moment_ms: int
) -> Iterator[Device]:
    """The terminals in service that were bound to a site's window at a moment.

    One that no binding places stands where the table of devices says.
    """
    own = state.windows.get(window, {}).get("site")
    standing = {device.device_id for device in state.at_window(window)}
    for name in sorted({*standing, *state.attribution.ever_at(window)}):
        device = state.by_id.get(name)
        if device is None or device.lifecycle not in ACCEPTING:
            continue
        bound = state.attribution.at(name, moment_ms).window or device.window
        if bound == window and (own or device.site or "") == site:
            yield device


def binding_of(
    state: State,
    device: Device,
    record: Record,
    occurred_ms: int,
    amended: Stored | None = None,
) -> Binding:
    """The binding of a rating: its device's, or what came with it over HTTP.

    What comes so is on the scale of what it amends, else on that of the rules.
    """
    if record.kind == RecordKind.HTTP:
        scale = state.profiles.scale(None)
        if amended is not None:
            scale = state.binding(amended.binding).scale
        extra = _OVER_HTTP.decode(record.payload)
        window = state.windows.get(extra.window or "", {})
        site = site_of(state, record)
        department = window.get("department")
        return state.bind(site, department, extra.window, extra.medium, scale)
    bound = state.attribution.at(device.device_id, occurred_ms).window
    if bound is not None and bound != device.window:
        window = state.windows.get(bound, {})
        scale = state.profiles.scale(device.profile)
        site = window.get("site") or device.site
        return state.bind(site, window.get("department"), bound, TERMINAL, scale)
    if device.binding is None:
        scale = state.profiles.scale(device.profile)
        device.binding = state.bind(
            device.site, device.department, device.window, TERMINAL, scale
        )
    return device.binding
