"""The journal as it would read had other rules been in force from a moment on."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gateway.ports import Block, Record, RecordKind
from gateway.processing.applying import Wanted, changes
from gateway.processing.state import State
from gateway.rules import Rules

KEPT_RULES: Final = ("unknown_devices", "root", "employee_tag")
"""Rules of other sections (broker, fleet, sinks): they stay as they were recorded."""
_RULES: Final = "rules_applied"
_SUPPOSED: Final = frozenset({_RULES, "calendar_applied", "profiles_applied"})
_PASSED_OVER: Final = "passed_over"
"""No act: whatever it said, other rules are supposed to be in force."""


class _Applied(msgspec.Struct):
    rules: Rules


class _Named(msgspec.Struct):
    name: str | None = None


_APPLIED: Final = msgspec.json.Decoder(_Applied)
_NAMED: Final = msgspec.json.Decoder(_Named)


class Supposed:
    """Rules, calendars and profiles that somebody would like to see in force."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted

    def records(self, state: State) -> list[Record]:
        """What puts them in force, of what differs from what is in force."""
        wanted = msgspec.structs.replace(self._wanted, rules=self._ruled(state.rules))
        batches = changes(wanted, state.books, state.now_ms)
        return [one for some in batches for one in some if one.topic in _SUPPOSED]

    def instead(self, block: Block) -> Block:
        """The block with its own rules, calendars and profiles passed over."""
        records = block.records
        if records is None or block.header.messages == block.header.records:
            return block
        return Block(block.header, [self._instead(one) for one in records])

    def _instead(self, record: Record) -> Record:
        if record.kind != RecordKind.ACT or record.topic not in _SUPPOSED:
            return record
        try:
            if record.topic == _RULES:
                return self._own_rules(record)
            name = _NAMED.decode(record.payload).name
        except msgspec.MsgspecError:
            return record  # the fold refuses it, as it did
        if name is not None and name not in self._wanted.calendars:
            return record
        return msgspec.structs.replace(record, topic=_PASSED_OVER)

    def _own_rules(self, record: Record) -> Record:
        rules = self._ruled(_APPLIED.decode(record.payload).rules)
        data = {"rules": rules, "sites": self._wanted.site_rules}
        return msgspec.structs.replace(record, payload=msgspec.json.encode(data))

    def _ruled(self, known: Rules) -> Rules:
        """The wanted rules, with those of other sections as they were."""
        kept: dict[str, Any] = {name: getattr(known, name) for name in KEPT_RULES}
        return msgspec.structs.replace(self._wanted.rules, **kept)


def fold_versions(blocks: Sequence[Block]) -> set[int]:
    """Of the gateways that started in these blocks."""
    found = set()
    for block in blocks:
        for record in block.records or ():
            if record.kind == RecordKind.ACT and record.topic == "gateway_started":
                found.add(
                    msgspec.json.decode(record.payload, type=_Started).fold_version
                )
    return found


class _Started(msgspec.Struct):
    fold_version: int = 0  # a gateway that did not say it yet
