"""A device profile: how terminals of one make are read, and what is expected of them.

The record `profiles_applied` carries these by name, and rules read nothing else. What
an operator may write is judged before, where the configuration is.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from device_protocol.levels import parse_level
from device_protocol.limits import LEVEL_CHARS_MAX

CHARSETS: Final = (
    "utf-8",
    "gb18030",
    "gbk",
    "big5",
    "shift_jis",
    "euc_kr",
    "latin-1",
    "utf-16-le",
    "utf-16-be",
)
FULL_SCALE: Final = "5"

Places = str | tuple[str, ...]
"""Where a value stands: `data.score`; several are joined by a space."""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """The levels a terminal offers, and what it sends for each.

    `labels` maps what is sent, numbers as their digits, to levels 1…5; `scores` are by
    level, and without them those of the rules hold.
    """

    name: str = FULL_SCALE
    labels: dict[str, int] = {}
    scores: dict[str, float] = {}

    def level_of(self, raw: object) -> int | None:
        """The level that a JSON value means on this scale, or None."""
        label = _label(raw)
        if label is not None and label in self.labels:
            return self.labels[label]
        level = parse_level(raw, {})
        own_digits = any(known.lstrip("-").isdecimal() for known in self.labels)
        # Where numbers mean something of their own, no other number is a level.
        return None if own_digits or level not in self.labels.values() else level


def _label(raw: object) -> str | None:
    """A value as labels write it: without space around it, in narrow characters."""
    if isinstance(raw, str):
        text = raw if len(raw) <= LEVEL_CHARS_MAX else ""
        return unicodedata.normalize("NFKC", text.strip())
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return str(int(raw)) if raw == int(raw) else None


class KeyMap(msgspec.Struct, frozen=True, kw_only=True):
    """What the physical keys mean from a moment on: `{"1": 5, "2": 4}`.

    `from_ms` None: since ever.
    """

    revision: int
    levels: dict[str, int]
    from_ms: int | None = None


class TimeFormat(msgspec.Struct, frozen=True, kw_only=True):
    """How a terminal writes times, beside the forms of the protocol.

    `formats` are patterns as of strptime, the first that fits counts. `epoch` is the
    unit of numbers of any length. `offset_min`, minutes east of Greenwich, is for times
    that name no offset; None: they are in the site's zone.
    """

    formats: tuple[str, ...] = ()
    epoch: Literal["s", "ms"] | None = None
    offset_min: int | None = None


class ItemMapping(msgspec.Struct, frozen=True, kw_only=True):
    """What the two fields of an item are called."""

    code: str = "code"
    level: str = "level"


class ChannelMapping(msgspec.Struct, frozen=True, kw_only=True):
    """How the fields of one channel are found and converted.

    `fields` says where a field of the protocol stands; `own_names`: what is not listed
    is read under its own name. `constants` stand for what is never sent. Then, in this
    order, `values` translates single values, `texts` turns numbers into text,
    `numbers` text into numbers, `splits` text into lists at a mark.
    """

    fields: dict[str, Places] = {}
    own_names: bool = True
    constants: dict[str, str | int | bool] = {}
    values: dict[str, dict[str, str | int | bool]] = {}
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    splits: dict[str, str] = {}
    item: ItemMapping = ItemMapping()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bucket of a device: elements at once, and refilled each second."""

    burst_elements: int = 20_000
    refill_per_s: float = 20.0
    deferred_max: int = 200_000


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """How often a terminal is looked after, and what is looked at."""

    every_days: int | None = None
    every_presses: int | None = None
    day_unit: Literal["natural", "working"] = "natural"
    due_from: Literal["completion", "grid"] = "completion"
    grace_days: int = 0
    remind_before_days: int = 0
    on_overdue: Literal["warn", "degrade"] = "warn"
    checklist: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """All that is particular to terminals of one make.

    `channels` is by channel; `event_ids` says whether they send ids of their own.
    `key_maps` are in the order in which they came into force. `commands` are those that
    a terminal knows which does not tell them itself; None: nobody knows.
    """

    revision: int = 1
    description: str = ""
    charset: str = "utf-8"
    event_ids: Literal["sent", "boot_seq", "content"] = "sent"
    channels: dict[str, ChannelMapping] = {}
    time: TimeFormat = TimeFormat()
    scale: Scale | None = None
    key_maps: tuple[KeyMap, ...] = ()
    heartbeat_interval_s: int = 60
    reporting: Literal["realtime", "batch"] = "realtime"
    session_mode: Literal["required", "implicit", "none"] | None = None
    limits: Limits = Limits()
    inspection: Inspection | None = None
    commands: tuple[str, ...] | None = None

    @property
    def scale_name(self) -> str:
        return FULL_SCALE if self.scale is None else self.scale.name

    def is_native(self, channel: str) -> bool:
        """Whether it leaves what a channel says as the protocol has it."""
        return (
            self.charset == "utf-8"
            and self.event_ids == "sent"
            and self.scale is None
            and self.time == TimeFormat()
            and self.channels.get(channel, ChannelMapping()) == ChannelMapping()
        )

    def level_of(self, key: int, occurred_ms: int) -> int | None:
        """What a key meant at the event, by the key map then in force."""
        for key_map in reversed(self.key_maps):
            if key_map.from_ms is None or key_map.from_ms <= occurred_ms:
                return key_map.levels.get(str(key))
        return None


def own_scores(profiles: Iterable[Profile]) -> dict[str, dict[str, float]]:
    """Of scales that have scores of their own: these, by scale and level."""
    scales = (profile.scale for profile in profiles)
    return {scale.name: scale.scores for scale in scales if scale and scale.scores}
