"""Keys that are accepted, because they are a contract, and do nothing yet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from device_protocol.profiles import Profile
from gateway.settings.model import Settings
from gateway.settings.profiles import load_profiles

_RULES: Final = (
    "calendar",
    "calendar_file",
    "day_unit",
    "rating_window_days",
    "default_enabled",
    "default_level",
    "default_hold_max_days",
    "late_rating",
    "followup_days",
    "rectify_days",
    "complaint_days",
    "close_of_business",
    "orphan_minutes",
    "min_n",
    "excluding_flags",
    "satisfied_levels",
)
_NOTHING: Final = "kept in the journal, but no rule reads it yet"


_PROFILES: Final = (
    "heartbeat_interval_s",
    "reporting",
    "session_mode",
)


def without_effect(settings: Settings) -> Iterator[str]:
    """A line for each key of the file that promises more than is built."""
    rules = settings.rules
    for key in _RULES:
        if key in rules.model_fields_set:
            yield f"rules.{key}: {_NOTHING}"
    if rules.session_mode == "required":
        yield 'rules.session_mode: "required" works as "implicit" yet'
    if "amend_window_days" in rules.model_fields_set:
        yield "rules.amend_window_days: counts natural days yet"
    folder = settings.fleet.profiles_dir
    if folder is not None and folder.is_dir():
        yield from _of_profiles(folder)
    if "rating_days" in settings.retention.model_fields_set:
        yield "retention.rating_days: ratings are kept without end yet"
    if "personal_days" in settings.retention.model_fields_set:
        yield "retention.personal_days: erases nothing yet; the journal is bounded"
    if settings.backup.directory:
        yield "backup.directory: backups are not built yet: copy a stopped gateway"


def _of_profiles(folder: Path) -> Iterator[str]:
    plain = Profile()
    for name, profile in load_profiles(folder).items():
        for key in _PROFILES:
            if getattr(profile, key) != getattr(plain, key):
                yield f"{folder / name}.toml: {key}: {_NOTHING}"
