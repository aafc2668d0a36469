"""Payloads as a caller may see them: who lacks the scope `contact` sees no person."""

import json
from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec

from device_protocol.profiles import Profile
from gateway.console.callers import Caller
from gateway.queries import LedgerQueries
from gateway.queries.rows import QuarantineRow

HIDDEN: Final = "***"
_PROFILES: Final = msgspec.json.Decoder(dict[str, Profile])
_OWN: Final = frozenset({"comment", "contact"})
_CONTACT: Final = "contact"
_ESCAPED: Final = "\\u"


class Payloads:
    """Hides comments and contacts, under whatever names a profile gives them."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def shown(self, row: QuarantineRow, caller: Caller) -> QuarantineRow:
        """An item with its payload as this caller may see it; None: not at all."""
        if row.payload is None or _CONTACT in caller.scopes:
            return row
        profile = self._profile(row.device_id)
        payload = hidden(row.payload, profile.charset, _names(profile))
        return msgspec.structs.replace(row, payload=payload)

    def hider(self, device_id: str) -> Callable[[bytes], bytes | None]:
        """Shows payloads of a device without persons, whoever asks."""
        profile = self._profile(device_id)
        names = _names(profile)
        return lambda payload: hidden(payload, profile.charset, names)

    def _profile(self, device_id: str | None) -> Profile:
        device = self._ledger.device(device_id) if device_id else None
        text = self._ledger.setting("profiles") if device and device.profile else None
        known = _PROFILES.decode(text) if text else {}
        return known.get(device.profile or "", Profile()) if device else Profile()


def hidden(payload: bytes, charset: str, names: Collection[str]) -> bytes | None:
    """The payload without the values of these names, at any depth.

    What is no JSON, or too deep, stays when it has none of the names, and is withheld
    otherwise.
    """
    text = payload.decode(charset, "replace")
    repeated = False

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) < len(pairs)
        return found

    try:
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=read)
        clean = _without(value, names)
        if clean == value and not repeated:  # of a name told twice `value` has the last
            return payload
        return json.dumps(clean, ensure_ascii=False).encode(charset, "replace")
    except (ValueError, RecursionError):
        told = any(name in text for name in (*names, _ESCAPED))
        return None if told else payload


def _without(value: Any, names: Collection[str]) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, dict):
        return {
            name: HIDDEN if name in names and one is not None else _without(one, names)
            for name, one in value.items()
        }
    return [_without(one, names) for one in value] if isinstance(value, list) else value


def _names(profile: Profile) -> frozenset[str]:
    """What the fields are called that tell of a person: the last step of each path."""
    names = set(_OWN)
    for mapping in profile.channels.values():
        for field, places in mapping.fields.items():
            if field.partition(".")[0] in _OWN and field != "contact.kind":
                several = (places,) if isinstance(places, str) else places
                names.update(place.rpartition(".")[2] for place in several)
    return frozenset(names)
