"""The rules in force: a record of the journal, never the settings themselves."""

from typing import Final

import msgspec

SCORES: Final = {"5": 5.0, "4": 4.0, "3": 3.0, "2": 2.0, "1": 1.0}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What `rules_applied` carries; names and defaults as in the configuration."""

    event_age_days_max: int = 90
    time_zone: str = "Asia/Shanghai"
    calendar: str = "china"
    day_unit: str = "working"
    rating_window_days: int = 5
    default_enabled: bool = True
    default_level: int = 3
    default_hold_max_days: int = 7
    late_rating: str = "record_only"
    amend_window_days: int = 5
    amendments_max: int = 1
    followup_days: int = 1
    rectify_days: int = 15
    session_mode: str = "implicit"
    response_interval_s: float = 5
    multi_press: str = "first"
    satisfied_levels: tuple[int, ...] = (5, 4)
    score_map: dict[str, float] = msgspec.field(default_factory=lambda: dict(SCORES))
    unknown_devices: str = "hold"
    root: str = "evaluators"
    employee_tag: bool = True
