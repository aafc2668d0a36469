"""Device profiles: terminals that speak otherwise are read as if they did not."""

from device_protocol.profiles.model import (
    ChannelMapping,
    Inspection,
    ItemMapping,
    KeyMap,
    Limits,
    Profile,
    Scale,
    TimeFormat,
    own_scores,
)
from device_protocol.profiles.reading import ProfileReader, profile_reader

__all__ = [
    "ChannelMapping",
    "Inspection",
    "ItemMapping",
    "KeyMap",
    "Limits",
    "Profile",
    "ProfileReader",
    "Scale",
    "TimeFormat",
    "own_scores",
    "profile_reader",
]
