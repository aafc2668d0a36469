"""What the rules of sessions leave open: each value with its default.

Source: rating rules, "Session lifecycle". Names are those of the configuration, in
days as there, in ms where the rule counts so.
"""

from typing import Final, Literal

import msgspec

from fleet.days import DayUnit
from gateway.ratings.sessions import Policy
from gateway.rules import Rules

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


class SessionRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of a site's sessions in force."""

    day_unit: DayUnit = "working"
    rating_window_days: int = 5
    default_enabled: bool = True
    default_level: int = 3
    default_hold_max_days: int = 7
    late_rating: Literal["record_only", "replace", "reject"] = "record_only"
    amend_window_days: int = 5
    amendments_max: int = 1
    response_interval_ms: int = 5_000
    multi_press: Literal["first", "last"] = "first"
    followup_level_max: int = 2
    followup_days: int = 1
    rectify_days: int = 15
    complaint_days: int = 5
    orphan_after_ms: int = HOUR_MS
    raised_within_ms: int = 10 * MINUTE_MS
    implied_span_ms: int = 11 * DAY_MS  # presses without a session's event are one
    unopened_span_ms: int = 12 * HOUR_MS  # a session known by its end began within

    @property
    def policy(self) -> Policy:
        """What the choice among presses needs."""
        return Policy(
            response_interval_ms=self.response_interval_ms,
            multi_press=self.multi_press,
            amendments_max=self.amendments_max,
            amend_window_ms=self.amend_window_days * DAY_MS,
        )


def session_rules(rules: Rules) -> SessionRules:
    """The part of the applied rules that sessions follow."""
    return SessionRules(
        day_unit=rules.day_unit,
        rating_window_days=rules.rating_window_days,
        default_enabled=rules.default_enabled,
        default_level=rules.default_level,
        default_hold_max_days=rules.default_hold_max_days,
        late_rating=rules.late_rating,
        amend_window_days=rules.amend_window_days,
        amendments_max=rules.amendments_max,
        response_interval_ms=round(rules.response_interval_s * 1000),
        multi_press="last" if rules.multi_press == "last" else "first",
        followup_days=rules.followup_days,
        rectify_days=rules.rectify_days,
        complaint_days=rules.complaint_days,
        orphan_after_ms=rules.orphan_minutes * MINUTE_MS,
        implied_span_ms=DAY_MS
        * (rules.rating_window_days + rules.amend_window_days + 1),
    )
