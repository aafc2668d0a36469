"""The rules in force at each site, compiled once: a look-up for every rating.

Sites that follow the same rules share one `Ruling`. What is compiled stays until a
record changes rules, calendars or the table of sites; then all of it is made anew.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from gateway.ledger.books import Books
from gateway.ledger.devices import Devices
from gateway.processing.applying import SITE_RULES, calendar_setting, setting_text
from gateway.processing.memory.counting import LocalHours
from gateway.processing.memory.past_terms import PastTerms
from gateway.processing.memory.terms import (
    KeptTerms,
    TermsText,
    day_table,
    read_terms,
    terms_text,
)
from gateway.ratings.facts import RatingFact
from gateway.ratings.flags import FlagRules
from gateway.ratings.grouping import Lasting
from gateway.ratings.rulebook import InForce, Rulebook, calendar_id
from gateway.ratings.workdays import QUARTER_MS, WEEKDAYS, DayTable, Deadline
from gateway.rules import Rules

SITES_KEPT_MAX: Final = 65_536
"""Sites whose rules are looked up at once; who names more is answered slower."""
_RULES: Final = msgspec.json.Decoder(Rules)
_SITE_RULES: Final = msgspec.json.Decoder(dict[str, dict[str, Any]])


class PressDay(NamedTuple):
    """What follows from a press within one quarter of an hour."""

    since_ms: int
    date: str
    amend_until_ms: int
    contact_due_ms: int
    rectify_due_ms: int


NO_DAY: Final = PressDay(-QUARTER_MS, "", 0, 0, 0)


class Ruling:
    """The rules of one or several sites, ready to be followed.

    `day` remembers what was worked out for the last press; nothing else changes.
    """

    __slots__ = (
        "_kept",
        "_text",
        "calendar",
        "day",
        "flags",
        "hours",
        "rules",
        "scores",
        "session",
        "zone",
    )

    def __init__(self, rules: Rules, text: TermsText, kept: KeptTerms) -> None:
        self.rules = rules
        self.session, self.calendar = read_terms(text)
        self.zone = self.calendar.zone
        self.hours = LocalHours(self.zone)
        self.flags = FlagRules(
            response_interval_ms=self.session.response_interval_ms,
            multi_press=self.session.multi_press,
        )
        self.scores = [rules.score_map.get(str(level), 0.0) for level in range(6)]
        self.day = NO_DAY
        self._text, self._kept = text, kept

    @property
    def number(self) -> int:
        """Of the terms that sessions are looked at under."""
        return self._kept.number(self._text)

    @property
    def terms(self) -> TermsText:
        """Equal where deadlines and the states of sessions are."""
        return self._text

    def deadline(self, since_ms: int, days: int) -> Deadline:
        """The end of so many days, counted as the rules say."""
        return self.calendar.deadline(since_ms, days, self.session.day_unit)


class Rulings(dict[str | None, Ruling]):
    """The ruling of each site that came up; None and "" are no site.

    Asking costs one look-up of a dict.
    """

    def __init__(self, books: Books, devices: Devices, kept: KeptTerms) -> None:
        super().__init__()
        self._books, self._devices, self._kept = books, devices, kept
        self.past = PastTerms(books, kept)
        self.forget()

    def forget(self) -> None:
        """Read rules, calendars and the table of sites anew."""
        self.clear()
        text = self._books.setting("rules")
        sites = self._books.setting(SITE_RULES)
        self.book = Rulebook(
            _RULES.decode(text) if text else Rules(),
            _SITE_RULES.decode(sites) if sites else {},
            self._devices.registry("sites"),
        )
        self._calendars: dict[str, str | None] = {}
        self.unpublished: set[str] = set()  # calendars without a record of their days
        self._shared: dict[bytes, Ruling] = {}
        self.default = self._compiled(self.book.gateway)

    def __missing__(self, site: str | None) -> Ruling:
        if len(self) >= SITES_KEPT_MAX:
            self.clear()
        found = self[site] = self._compiled(self.book.at(site))
        return found

    def named(self) -> dict[str | None, Ruling]:
        """The rulings of all sites that anything is said of, and of none."""
        return {site: self[site] for site in (None, *sorted(self.book.sites))}

    def terms(self) -> dict[str | None, TermsText]:
        """The gateway's terms, and those of the sites that have other ones."""
        own = {
            site: one.terms
            for site, one in self.named().items()
            if one.terms != self.default.terms
        }
        return {**own, None: self.default.terms}

    def keep_terms(self, since_ms: int, place: int) -> None:
        """Remember which terms are in force from then on."""
        numbers = {site or "": one.number for site, one in self.named().items()}
        self.past.keep(numbers, since_ms, place)

    def begin_terms(self, place: int) -> None:
        """Remember those in force before the first change: a ledger may be older."""
        if not self.past.begun:
            self.keep_terms(0, place)

    def lasting(self, site: str, ratings: Iterable[RatingFact]) -> Lasting:
        """How long sessions of a site go on that these ratings imply."""
        ruling, past = self[site], self.past
        firsts = {one.occurred_ms for one in ratings}
        amendable = {ms: past.ended(site, ms) for ms in firsts}
        return Lasting(
            ruling.session,
            ruling.calendar,
            past.implied_ended(site, firsts),
            {ms: one.at_ms for ms, one in amendable.items() if one is not None},
        )

    def modes(self) -> set[str]:
        """How sessions begin, at any site."""
        return {one.rules.session_mode for one in self.named().values()}

    def _compiled(self, held: InForce) -> Ruling:
        text = terms_text(held.rules, self._calendar_of(held))
        key = msgspec.json.encode((held.rules, text))
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = Ruling(held.rules, text, self._kept)
        return found

    def _calendar_of(self, held: InForce) -> str | None:
        text = self._table(held.rules.calendar)
        if held.days is None:
            return text
        table = msgspec.structs.replace(day_table(text), overrides=dict(held.days))
        return setting_text(msgspec.to_builtins(table))

    def _table(self, name: str) -> str | None:
        """The day table of a calendar, as it was recorded."""
        if name not in self._calendars:
            default = self._books.setting("calendar")
            wanted = calendar_id(name) or name
            own = default
            if wanted not in {
                calendar_id(self.book.rules.calendar),
                day_table(default).calendar,
            }:
                own = self._books.setting(calendar_setting(wanted))
                if own is None:
                    own = setting_text(msgspec.to_builtins(_unpublished(wanted)))
                    self.unpublished.add(wanted)
            self._calendars[name] = own
        return self._calendars[name]


def _unpublished(name: str) -> DayTable:
    """The days of a calendar that no record told of: Monday to Friday, estimated."""
    if name == WEEKDAYS.calendar:
        return WEEKDAYS
    return DayTable(calendar=name, source="not on record", years=(0, 0))
