"""Days of a fleet with planted troubles, folded; what was found against the truth.

`python -m tests.scenarios.fleet_days --devices 2000 --sites 40 --days 21` prints a
table; CI runs a few devices through three days.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.ports import Record
from tests.support.folding import FoldedLedger, message

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
MONDAY: Final = datetime(2026, 11, 23, tzinfo=SHANGHAI)
SLOT: Final = timedelta(minutes=10)
_EIGHT_HOURS_MS: Final = 8 * 3_600_000
_BLOCK_MAX: Final = 500

Alert = tuple[str, str]
"""Its cause and subject."""


class Outcome(NamedTuple):
    planted: frozenset[Alert]
    found: frozenset[Alert]
    simulated_s: float
    folding_s: float
    ledger: FoldedLedger


class Fleet:
    """Terminals that beat every ten minutes while their hall is open."""

    def __init__(self, devices: int, sites: int, seed: int) -> None:
        self._dice = random.Random(seed)
        self.ids = [f"eval-{number:05d}" for number in range(devices)]
        self.sites = [f"site-{number:02d}" for number in range(sites)]
        self.site_of = {
            one: self.sites[number % sites] for number, one in enumerate(self.ids)
        }
        self._counts = {one: [0, 0, 0, 0, 0] for one in self.ids}
        troubled = self._dice.sample(
            [one for one in self.ids if self.site_of[one] != self.sites[0]], 4
        )
        self.flat, self.stuck, self.dead, self.zone = troubled
        self.planted = frozenset(
            {
                ("offline", self.flat),
                ("stuck_key", self.stuck),
                ("dead_key", self.dead),
                ("clock", self.zone),
                ("site_offline", self.sites[0]),
            }
        )

    def slot(self, day: int, now: datetime) -> Iterator[Record]:
        """What arrives in one slot."""
        now_ms = int(now.timestamp() * 1000)
        for one in self.ids:
            if one == self.flat and (day, now.hour) >= (0, 11):
                continue
            if self.site_of[one] == self.sites[0] and day == 1 and 10 <= now.hour < 14:
                continue
            counts = self._counts[one]
            key = self._dice.choices(range(5), (94, 4, 1, 0.5, 0.5))[0]
            counts[key] += 1
            press = {"event_id": f"press-{now_ms}", "level": 5 - key}
            yield message(one, {"v": 1, **press}, now_ms)
            if one == self.stuck and (day, now.hour) == (0, 15):
                counts[2] += 400
            off_ms = _EIGHT_HOURS_MS if one == self.zone else 0
            body = {
                "v": 1,
                "occurred_at": now_ms - 200 - off_ms,
                "key_counts": counts,
                "battery_pct": 80,
                "power": "mains",
            }
            yield message(one, body, now_ms, "heartbeat")
        if day == 0 and (now.hour, now.minute) == (9, 30):
            test = {"event_id": "selftest-0001", "trigger": "inspection"}
            pressed = {"keys_pressed": [0, 1, 2, 3]}
            yield message(self.dead, {"v": 1, **test, **pressed}, now_ms, "selftest")


def run(devices: int, sites: int, days: int, seed: int) -> Outcome:
    """Fold so many days; the third one has an hour without a broker."""
    fleet, ledger = Fleet(devices, sites, seed), FoldedLedger()
    _prepare(fleet, ledger)
    spent_s, now = 0.0, MONDAY
    while now < MONDAY + timedelta(days=days):
        ledger.clock.advance(int(now.timestamp() * 1000) - ledger.clock.wall_ms())
        day, records = (now - MONDAY).days, list[Record]()
        outage = day == 2 and now.hour == 10
        if outage and now.minute == 0:
            ledger.act("link_down", {"reason": "the broker is away"})
        if day == 2 and (now.hour, now.minute) == (11, 0):
            ledger.act("link_up", {})
            ledger.act("link_drained", {})
        if (8, 50) <= (now.hour, now.minute) <= (17, 10) and not outage:
            records = list(fleet.slot(day, now)) if now.weekday() < 5 else []
        started = time.process_time()
        for low in range(0, max(len(records), 1), _BLOCK_MAX):
            ledger.take(*records[low : low + _BLOCK_MAX])
        spent_s += time.process_time() - started
        now += SLOT
    found = frozenset(ledger.all("SELECT DISTINCT cause, subject FROM alert"))
    return Outcome(fleet.planted, found, days * 86_400.0, spent_s, ledger)


def _prepare(fleet: Fleet, ledger: FoldedLedger) -> None:
    ledger.rules()
    ledger.act(
        "profiles_applied", {"profiles": {"slow": {"heartbeat_interval_s": 600}}}
    )
    rows = [{"id": site, "hours": "09:00-17:00"} for site in fleet.sites]
    ledger.act("tables_applied", {"table": "sites", "rows": rows})
    devices = [
        {"device_id": one, "site": site, "profile": "slow"}
        for one, site in fleet.site_of.items()
    ]
    for low in range(0, len(devices), _BLOCK_MAX):
        part = devices[low : low + _BLOCK_MAX]
        ledger.act("tables_applied", {"table": "devices", "rows": part})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("devices", 200), ("sites", 10), ("days", 5), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    outcome = run(options.devices, options.sites, options.days, options.seed)
    causes = sorted({cause for cause, _ in outcome.planted | outcome.found})
    lines = ["| cause | planted | detected | missed | false |", "|---|---|---|---|---|"]
    for cause in causes:
        planted = {one for one in outcome.planted if one[0] == cause}
        found = {one for one in outcome.found if one[0] == cause}
        counts = [planted, planted & found, planted - found, found - planted]
        lines.append(f"| `{cause}` | {' | '.join(str(len(one)) for one in counts)} |")
    speed = outcome.simulated_s / outcome.folding_s
    lines += ["", f"{outcome.folding_s:.1f} s of one core: {speed:.0f} x real time", ""]
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
