"""The rules in force: a record of the journal, never the settings themselves."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=0, le=365)]
Level = Annotated[int, Meta(ge=1, le=5)]
Score = Annotated[float, Meta(ge=-1e9, le=1e9)]
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]
"""Local hours and minutes, `17:30`; "" where a day ends at 24:00."""

EXCLUDING_FLAGS: Final = (
    "double_press",
    "burst",
    "stuck_key",
    "multi_key",
    "too_fast",
    "press_test",
)
SCORES: Final = {"5": 5.0, "4": 4.0, "3": 3.0, "2": 2.0, "1": 1.0}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What `rules_applied` carries; names and defaults as in the configuration."""

    event_age_days_max: Annotated[int, Meta(ge=1, le=3650)] = 90
    time_zone: str = "Asia/Shanghai"
    calendar: str = "china"
    day_unit: Literal["working", "natural"] = "working"
    rating_window_days: Days = 5
    default_enabled: bool = True
    default_level: Level = 3
    default_hold_max_days: Days = 7
    late_rating: Literal["record_only", "replace", "reject"] = "record_only"
    amend_window_days: Days = 5
    amendments_max: Annotated[int, Meta(ge=0, le=100)] = 1
    followup_days: Days = 1
    rectify_days: Days = 15
    complaint_days: Days = 5
    close_of_business: Clock = ""
    orphan_minutes: Annotated[int, Meta(ge=0, le=10_080)] = 60
    session_mode: Literal["implicit", "required", "none"] = "implicit"
    response_interval_s: Annotated[float, Meta(ge=0, le=3600)] = 5.0
    multi_press: Literal["first", "last"] = "first"
    satisfied_levels: tuple[Level, ...] = (5, 4)
    score_map: dict[str, Score] = msgspec.field(default_factory=lambda: dict(SCORES))
    min_n: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    excluding_flags: tuple[str, ...] = EXCLUDING_FLAGS
    unknown_devices: Literal["hold", "approve", "refuse"] = "hold"
    root: str = "evaluators"
    personal_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    employee_tag: bool = True
