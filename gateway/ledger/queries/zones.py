"""The rules in force as readers see them, and which sites keep which time."""

import json
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import apsw
import msgspec

from device_protocol.profiles import Profile, own_scores
from gateway.places import Place
from gateway.queries.counts import CountFilter, Terms
from gateway.ratings.periods import LocalTime
from gateway.ratings.rulebook import Rulebook
from gateway.ratings.scoring import ScoreMaps, score_map
from gateway.rules import Rules

_RULES: Final = msgspec.json.Decoder(Rules)
_SITE_RULES: Final = msgspec.json.Decoder(dict[str, dict[str, Any]])
_PROFILES: Final = msgspec.json.Decoder(dict[str, Profile])


class Standing(NamedTuple):
    """Sites by name: these, or all but these and those that have no site."""

    sites: frozenset[str]
    among: bool

    @property
    def listed(self) -> str | None:
        """What the condition is filled with; None: there is none."""
        return None if self == ALL else json.dumps(sorted(self.sites))

    def condition(self, column: str) -> str:
        """That the column names such a site; its one `?` is `listed`."""
        these = f"{column} IN (SELECT value FROM json_each(?))"
        return these if self.among else f"({these}) IS NOT TRUE"


ALL: Final = Standing(frozenset(), among=False)


def terms(connection: apsw.Connection) -> Terms:
    """The rules in force, and the place of the record that put them there."""
    found = dict[str, tuple[str, int]]()
    for name, value, place in connection.execute(
        "SELECT name, value, place FROM setting"
        " WHERE name IN ('rules', 'site_rules', 'profiles')"
    ):
        found[name] = (value, place)
    rows = {
        key: json.loads(data)
        for key, data in connection.execute(
            "SELECT key, data FROM registry_row WHERE kind = 'sites'"
        )
    }
    rules, revision = Rules(), "default"
    if "rules" in found:
        value, place = found["rules"]
        rules, revision = _RULES.decode(value), str(Place.unpack(place))
    sites = _SITE_RULES.decode(found["site_rules"][0]) if "site_rules" in found else {}
    scales = _score_maps(found["profiles"][0]) if "profiles" in found else {}
    return Terms(Rulebook(rules, sites, rows), revision, scales)


@lru_cache(maxsize=4)
def _score_maps(text: str) -> ScoreMaps:
    """Of profiles as the ledger keeps them; each question comes with the same ones."""
    return {
        scale: score_map({int(level): scores[level] for level in sorted(scores)[::-1]})
        for scale, scores in sorted(own_scores(_PROFILES.decode(text).values()).items())
    }


def by_zone(book: Rulebook) -> Iterator[tuple[str, Standing]]:
    """The zones in force, each with the sites that keep it."""
    others = book.zones()
    apart = frozenset(site for sites in others.values() for site in sites)
    yield book.rules.time_zone, Standing(apart, among=False)
    for zone, sites in sorted(others.items()):
        yield zone, Standing(frozenset(sites), among=True)


def bounds_in(zone: ZoneInfo, wanted: CountFilter) -> tuple[int | None, int | None]:
    """From when to when a question asks at sites of a zone."""
    if wanted.days is None:
        return wanted.from_ms, wanted.to_ms
    local, (first, end) = LocalTime(zone), wanted.days
    begin_ms = local.begin_ms(date.fromordinal(first))
    return begin_ms, local.begin_ms(date.fromordinal(end))
