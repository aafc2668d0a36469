"""Identity of a foreign message: its content as sent, before values are mapped."""

from collections.abc import Mapping

from device_protocol import wire
from device_protocol.canonical import canonical_json
from device_protocol.errors import ProtocolError, Reason
from device_protocol.identity import digest, is_event_id
from device_protocol.profiles.model import TimeFormat
from device_protocol.profiles.names import hashed_of
from device_protocol.profiles.times import as_written
from device_protocol.timestamps import parse_claim
from device_protocol.topics import Channel


class Content:
    """What the content hash of one channel covers, found in messages as sent."""

    def __init__(self, channel: Channel, form: TimeFormat) -> None:
        self._form = form
        self._names = hashed_of(channel) - {"occurred_at"}
        parts = wire.SHAPES[channel].PARTS
        self._parts = {name: part.__struct_fields__ for name, part in parts.items()}

    def canonical(self, sent: Mapping[str, object]) -> bytes:
        """The bytes that are hashed, of fields under the protocol's names.

        Raises:
            ProtocolError: `schema`, when `occurred_at` is no time.
        """
        content = {
            name: self._known(name, value)
            for name in self._names
            if (value := sent.get(name)) is not None
        }
        if (moment := sent.get("occurred_at")) is not None:
            content["occurred_at"] = _claim(moment, self._form)
        return canonical_json(content)

    def _known(self, name: str, value: object) -> object:
        """A value without those inner fields that nobody reads."""
        names = self._parts.get(name)
        if names is None:
            return value
        if isinstance(value, list):
            return [self._known(name, one) for one in value]
        if not isinstance(value, dict):
            return value
        return {one: value[one] for one in names if value.get(one) is not None}


def _claim(raw: object, form: TimeFormat) -> int | str:
    try:
        return parse_claim(as_written(raw, form))
    except ValueError as error:
        raise ProtocolError(Reason.SCHEMA, f"occurred_at: {error}") from None


def id_of_boot(values: Mapping[str, object]) -> str | None:
    """`s:{boot_id}:{seq}`; None when one of them is missing or wrong.

    What would be no `event_id` (too short, too long, odd characters) is hashed.
    """
    boot_id, seq = values.get("boot_id"), values.get("seq")
    if isinstance(seq, float) and seq.is_integer():
        seq = int(seq)
    if not isinstance(boot_id, str) or not boot_id:
        return None
    if isinstance(seq, bool) or not isinstance(seq, int):
        return None
    text = f"s:{boot_id}:{seq}"
    return text if is_event_id(text) else f"s:{digest(text.encode()).hex()}"


def id_of_content(sent: Mapping[str, object], canonical: bytes) -> str | None:
    """`h:` and a hash of content and time; None for a message without a time.

    The time counts as sent: its fraction, which local digits cannot hold, tells two
    presses of a second apart.
    """
    moment = [sent.get("occurred_at"), sent.get("boot_id"), sent.get("uptime_ms")]
    if moment[0] is None and None in moment[1:]:
        return None
    if moment[0] is not None:
        moment = moment[:1]
    return f"h:{digest(canonical + canonical_json(moment)).hex()}"
