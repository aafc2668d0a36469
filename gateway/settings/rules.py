"""[rules]: how presses become ratings; [[site_rules]]: what sites do otherwise."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gateway.ratings.flags import table_errors
from gateway.ratings.rulebook import GATEWAY_KEYS
from gateway.rules import EXCLUDING_FLAGS
from gateway.settings.fields import ConfigPath, Section, TimeZone

Level = Annotated[int, Field(ge=1, le=5)]
_LEVELS = frozenset({1, 2, 3, 4, 5})


class Rules(Section):
    event_age_days_max: int = Field(90, ge=1, le=3650)
    time_zone: TimeZone = "Asia/Shanghai"
    calendar: Annotated[
        str, StringConstraints(pattern=r"^(china|weekdays|[A-Za-z]{2})$")
    ] = "china"
    calendar_file: ConfigPath | None = None
    day_unit: Literal["working", "natural"] = "working"
    rating_window_days: int = Field(5, ge=0, le=365)
    default_enabled: bool = True
    default_level: Level = 3
    default_hold_max_days: int = Field(7, ge=0, le=365)
    late_rating: Literal["record_only", "replace", "reject"] = "record_only"
    amend_window_days: int = Field(5, ge=0, le=365)
    amendments_max: int = Field(1, ge=0, le=100)
    followup_days: int = Field(1, ge=0, le=365)
    rectify_days: int = Field(15, ge=0, le=365)
    complaint_days: int = Field(5, ge=0, le=365)
    close_of_business: Annotated[
        str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")
    ] = ""
    orphan_minutes: int = Field(60, ge=0, le=10_080)
    session_mode: Literal["implicit", "required", "none"] = "implicit"
    response_interval_s: float = Field(5, ge=0, le=3600)
    multi_press: Literal["first", "last"] = "first"
    satisfied_levels: tuple[Level, ...] = (5, 4)
    score_map: dict[Level, float] = Field({5: 5, 4: 4, 3: 3, 2: 2, 1: 1})
    min_n: int = Field(1, ge=1, le=1_000_000)
    excluding_flags: tuple[str, ...] = EXCLUDING_FLAGS

    @model_validator(mode="after")
    def _levels_are_whole(self) -> Self:
        if not self.satisfied_levels or len(set(self.satisfied_levels)) < len(
            self.satisfied_levels
        ):
            raise ValueError("satisfied_levels must name each level once, at least one")
        wrong = table_errors(self.excluding_flags)
        if wrong:
            raise ValueError(f"excluding_flags: {wrong[0]}")
        if self.score_map.keys() != _LEVELS:
            raise ValueError("score_map must give a score to each level from 1 to 5")
        return self


class SiteRules(Rules):
    """Rules of a site and of those below it; what is not given holds as above it."""

    site: Annotated[str, StringConstraints(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _rule_the_site_alone(self) -> Self:
        for name in sorted(GATEWAY_KEYS & self.model_fields_set):
            raise ValueError(f"{name} is one for all sites: set it in [rules]")
        return self

    @property
    def own(self) -> dict[str, Any]:
        """The rules that are given, but for the file of days."""
        given = self.model_fields_set - {"site", "calendar_file"}
        return self.model_dump(mode="json", include=given)
