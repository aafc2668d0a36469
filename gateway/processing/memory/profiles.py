"""The device profiles in force: who is read how, and what a key means."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, cast

import msgspec

from device_protocol.blanking import OWN_PATHS
from device_protocol.codec import Uplink
from device_protocol.profiles import (
    Inspection,
    Limits,
    Profile,
    ProfileReader,
    own_scores,
    profile_reader,
)
from device_protocol.rating import CONTACT_KINDS
from device_protocol.topics import Channel
from fleet.press_test import LEVELS
from gateway.redaction import Personal

Reader = Callable[[str, bytes], Uplink]

_PROFILES: Final = msgspec.json.Decoder(dict[str, Profile])
_PLAIN: Final = Profile()
"""Stands for what has no profile: it leaves everything as the protocol says."""
_KEYS: Final = 16
_PERSONAL_FIELDS: Final = frozenset({"comment", "contact", "contact.value"})


class Profiles:
    """Profiles by name. A device whose profile is not here has none."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self._profiles = profiles
        self._readers: dict[tuple[str, Channel], ProfileReader] = {}
        self.moded = any(profile.session_mode for profile in profiles.values())
        self._scores = own_scores(profiles.values())

    def reader(self, name: str | None, channel: Channel) -> Reader | None:
        """What reads a channel by the profile of that name; None: the native reader."""
        if name is None or name not in self._profiles:
            return None
        key = (name, channel)
        if key not in self._readers:
            self._readers[key] = profile_reader(self._profiles[name], channel)
        return cast("Reader", self._readers[key])

    def level_of(self, name: str | None, key: int, occurred_ms: int) -> int | None:
        """What a key meant at the event; None: the profile does not say."""
        profile = self._profiles.get(name or "", _PLAIN)
        return profile.level_of(key, occurred_ms)

    def personal(self, name: str | None, channel: Channel) -> Personal:
        """Where messages of a channel have what tells of a person."""
        profile = self._profiles.get(name or "", _PLAIN)
        mapping = profile.channels.get(channel.value)
        if mapping is None:
            return Personal(charsets=(profile.charset,))
        own = mapping.own_names
        paths = [path for path in OWN_PATHS if own and path[0] not in mapping.fields]
        for field in _PERSONAL_FIELDS & mapping.fields.keys():
            places = mapping.fields[field]
            several = (places,) if isinstance(places, str) else places
            paths += [tuple(place.split(".")) for place in several]
        codes = mapping.values.get("contact.kind", {})
        return Personal(
            tuple(sorted(paths)), (*CONTACT_KINDS, *sorted(codes)), (profile.charset,)
        )

    def key_map(self, name: str | None, at_ms: int) -> dict[int, int]:
        """The keys that a profile knows at a moment, and their levels."""
        profile = self._profiles.get(name or "", _PLAIN)
        levels = {key: profile.level_of(key, at_ms) for key in range(_KEYS)}
        return {key: level for key, level in levels.items() if level is not None}

    def levels(self, name: str | None) -> list[int]:
        """The levels that a device can give, the best first."""
        scale = self._profiles.get(name or "", _PLAIN).scale
        given = LEVELS if scale is None else scale.labels.values()
        return sorted(set(given), reverse=True)

    def scale(self, name: str | None) -> str:
        return self._profiles.get(name or "", _PLAIN).scale_name

    def scored(self, scale: str, by_rule: list[float]) -> list[float]:
        """What the levels 0 to 5 count for on a scale; those it lacks by the rules."""
        own = self._scores.get(scale)
        if own is None:
            return by_rule
        return [own.get(str(level), score) for level, score in enumerate(by_rule)]

    def session_mode(self, name: str | None) -> str | None:
        """How sessions begin; None: the profile leaves it to the rules."""
        return self._profiles.get(name or "", _PLAIN).session_mode

    def rhythm(self, name: str | None) -> tuple[int, bool]:
        """Seconds between heartbeats, and whether a device speaks in batches only."""
        profile = self._profiles.get(name or "", _PLAIN)
        return profile.heartbeat_interval_s, profile.reporting == "batch"

    def inspection(self, name: str | None) -> Inspection | None:
        """How often its devices are looked after; None: it does not say."""
        return self._profiles.get(name or "", _PLAIN).inspection

    def commands(self, name: str | None) -> tuple[str, ...] | None:
        """The commands that its devices know; None: it does not say."""
        return self._profiles.get(name or "", _PLAIN).commands

    def bucket(self, name: str | None) -> tuple[float, float, int]:
        """What it holds, its refill in a millisecond, and how much may wait."""
        return _bucket(self._profiles.get(name or "", _PLAIN).limits)


@lru_cache(maxsize=256)
def _bucket(limits: Limits) -> tuple[float, float, int]:
    """One object for all devices that it bounds."""
    per_ms = limits.refill_per_s / 1000
    return float(limits.burst_elements), per_ms, limits.deferred_max


def read_profiles(text: str | None) -> Profiles:
    """The profiles as the ledger keeps them; None: none were ever applied."""
    return Profiles(_PROFILES.decode(text) if text else {})
