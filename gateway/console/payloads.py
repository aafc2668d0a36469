"""Payloads as a caller may see them: who lacks the scope `contact` sees no person."""

import json
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec

from device_protocol.profiles import Profile
from gateway.console.callers import Caller
from gateway.places import Place
from gateway.queries import LedgerQueries
from gateway.queries.asking import Slice
from gateway.queries.audit import AuditFilter
from gateway.queries.journal import JournalRecords
from gateway.queries.rows import QuarantineRow

HIDDEN: Final = "***"
_SETTING: Final = "profiles"
_APPLIED: Final = "profiles_applied"
_VERSIONS: Final = Slice(200)
_PROFILES: Final = msgspec.json.Decoder(dict[str, Profile])
_OWN: Final = frozenset({"comment", "contact"})
_CONTACT: Final = "contact"
_ESCAPED: Final = "\\u"


class _Applied(msgspec.Struct):
    profiles: dict[str, Profile]


class _Telling(NamedTuple):
    """What fields that tell of a person were ever called, and in which charsets.

    Of what stands before the place `since` nobody knows it any more.
    """

    names: frozenset[str]
    charsets: tuple[str, ...]
    since: int


class Payloads:
    """Hides comments and contacts, under whatever names profiles ever gave them.

    Which profile a terminal had when it sent something is not asked: it may have
    another one now, and the profile other fields.
    """

    def __init__(self, ledger: LedgerQueries, records: JournalRecords) -> None:
        self._ledger = ledger
        self._records = records
        self._known: tuple[int | None, _Telling] | None = None

    def shown(self, row: QuarantineRow, caller: Caller) -> QuarantineRow:
        """An item with its payload as this caller may see it; None: not at all."""
        if row.payload is None or _CONTACT in caller.scopes:
            return row
        return msgspec.structs.replace(row, payload=self.hide(row.payload, row.place))

    def hide(self, payload: bytes, place: int) -> bytes | None:
        """What was sent at a place without persons, whoever asks; None: not at all."""
        telling = self._telling()
        shown = None if place < telling.since else payload
        for charset in telling.charsets:
            if shown is not None:
                shown = hidden(shown, charset, telling.names)
        return shown

    def _telling(self) -> _Telling:
        """Worked out anew when other profiles are in force."""
        place = self._ledger.setting_place(_SETTING)
        known = self._known
        if known is None or known[0] != place:
            self._known = known = place, self._looked_up(place)
        return known[1]

    def _looked_up(self, place: int | None) -> _Telling:
        """By all profiles that were in force before `place`, as the journal has them.

        Where it lost some, or they are too many, what came under them is not shown.
        """
        text = self._ledger.setting(_SETTING) if place is not None else None
        profiles = [Profile(), *_PROFILES.decode(text or "{}").values()]
        found = self._ledger.audit(AuditFilter(kind=_APPLIED), _VERSIONS)
        older = [one.place for one in found.items if one.place < (place or 0)]
        kept = self._records.at([Place.unpack(one) for one in older])
        since, after = 0, place or 0
        for one in older:
            record = kept.get(Place.unpack(one))
            applied = _applied(b"" if record is None else record.record.payload)
            if applied is None:
                since = max(since, after)
            else:
                profiles.extend(applied)
            after = one
        if found.next_cursor is not None:
            since = max(since, after)
        charsets = dict.fromkeys(profile.charset for profile in profiles)
        names = _OWN.union(*(_names(profile) for profile in profiles))
        return _Telling(names, tuple(charsets), since)


def _applied(payload: bytes) -> list[Profile] | None:
    """The profiles that a record put in force; None: it cannot be read."""
    try:
        return [*msgspec.json.decode(payload, type=_Applied).profiles.values()]
    except msgspec.MsgspecError:
        return None


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
