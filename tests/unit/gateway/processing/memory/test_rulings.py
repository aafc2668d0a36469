"""Rules, zones and calendars of sites: what each rating and session is ruled by."""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.support.folding import FoldedLedger, element, message

BERLIN: Final = "Europe/Berlin"
NEW_YORK: Final = "America/New_York"
SHANGHAI: Final = "Asia/Shanghai"
SITES: Final[list[Mapping[str, str]]] = [
    {"id": "eu", "time_zone": BERLIN, "calendar": "DE"},
    {"id": "berlin", "parent": "eu"},
    {"id": "ny", "time_zone": NEW_YORK, "calendar": "weekdays"},
    {"id": "sh"},
]
CHINA: Final = {"calendar": "china", "years": [2026, 2026], "days": {}}
GERMANY: Final = {
    "calendar": "DE",
    "years": [2026, 2026],
    "days": {"2026-11-23": "rest"},
}


@pytest.fixture
def ledger(ledger: FoldedLedger) -> FoldedLedger:
    ledger.act("calendar_applied", {"calendar": CHINA})
    ledger.act("calendar_applied", {"name": "DE", "calendar": GERMANY})
    put_sites(ledger, *SITES)
    for device in ("berlin", "ny", "sh", "eu"):
        move(ledger, device, device)
    return ledger


def put_sites(ledger: FoldedLedger, *rows: Mapping[str, str]) -> None:
    ledger.act("registry_put", {"author": "ann", "table": "sites", "rows": rows})


def move(ledger: FoldedLedger, device: str, site: str) -> None:
    ledger.act("device_put", {"device": {"device_id": device, "site": site}})


def rule(
    ledger: FoldedLedger, sites: Mapping[str, Any], **rules: object
) -> dict[str, Any]:
    """Put rules of sites in force beside the gateway's."""
    whole = {"unknown_devices": "approve", **rules}
    return ledger.settle("rules_applied", {"rules": whole, "sites": sites})


def at(text: str, zone: str) -> int:
    """A local instant in ms."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def press(
    ledger: FoldedLedger, device: str, session: str, level: int = 5, **fields: object
) -> None:
    name = f"{device}-{session}-{level}-{len(fields)}"
    ledger.publish(device, element(name, level, session_id=session, **fields))


def end(ledger: FoldedLedger, device: str, at_ms: int, session: str = "S1") -> None:
    """A service that ended then, heard of at once, or now if that is later."""
    ledger.clock.advance(max(at_ms - ledger.clock.wall_ms(), 0))
    body = {
        "v": 1,
        "event_id": f"{device}-{session}-{at_ms}",
        "session_id": session,
        "action": "ended",
        "occurred_at": at_ms,
    }
    now_ms = ledger.clock.wall_ms()
    ledger.append([message(device, body, now_ms, channel="session")])


def deadlines(ledger: FoldedLedger) -> dict[str, int]:
    """When the open session of each site ends."""
    rows = ledger.all("SELECT site, deadline_ms FROM session WHERE state = 'awaiting'")
    return {str(site): int(at_ms) for site, at_ms in rows}


def test_a_business_date_is_that_of_the_site(ledger: FoldedLedger) -> None:
    ledger.clock.advance(5 * 3_600_000)  # 17:00Z, a Saturday
    for device in ("sh", "berlin", "ny"):
        press(ledger, device, "A1")
    rows = ledger.all("SELECT site, business_date FROM session")
    assert {str(site): str(day) for site, day in rows} == {
        "sh": "2026-11-22",
        "berlin": "2026-11-21",
        "ny": "2026-11-21",
    }


def test_hours_of_figures_are_those_of_the_site(ledger: FoldedLedger) -> None:
    for device in ("sh", "berlin", "ny"):  # 12:00Z
        press(ledger, device, "A1")
    rows = ledger.all(
        "SELECT b.site, (f.key >> 36) % 24 FROM figure_hour AS f"
        " JOIN figure_key AS k ON k.no = f.key >> 6 & ((1 << 30) - 1)"
        " JOIN binding AS b ON b.no = k.binding"
    )
    hours = {str(site): int(hour) for site, hour in rows}
    assert hours == {"sh": 20, "berlin": 13, "ny": 7}


def test_deadlines_follow_the_calendar_and_the_zone_of_the_site(
    ledger: FoldedLedger,
) -> None:
    friday = at("2026-11-20 10:00", "UTC")
    rule(ledger, {}, rating_window_days=1)
    for device in ("sh", "berlin", "ny"):
        end(ledger, device, friday + (device == "ny") * 3_600_000)
    assert deadlines(ledger) == {
        "sh": at("2026-11-24", SHANGHAI),
        "berlin": at("2026-11-25", BERLIN),  # its Monday is a holiday
        "ny": at("2026-11-24", NEW_YORK),
    }


@pytest.mark.parametrize(
    ("site", "zone", "ended", "last_day_ends"),
    [
        ("berlin", BERLIN, "2026-03-28 22:00", "2026-03-30"),  # 23 hours long
        ("berlin", BERLIN, "2026-10-24 22:00", "2026-10-26"),  # 25 hours long
        ("ny", NEW_YORK, "2026-03-07 22:00", "2026-03-09"),
        ("ny", NEW_YORK, "2026-10-31 22:00", "2026-11-02"),
        ("sh", SHANGHAI, "2026-10-24 22:00", "2026-10-26"),
    ],
)
def test_a_day_on_which_clocks_change_ends_at_its_own_midnight(
    ledger: FoldedLedger, site: str, zone: str, ended: str, last_day_ends: str
) -> None:
    ledger = FoldedLedger()
    ledger.clock.set_wall(at("2026-03-01", "UTC"))
    rule(ledger, {}, rating_window_days=1, day_unit="natural")
    put_sites(ledger, *SITES)
    move(ledger, site, site)
    end(ledger, site, at(ended, zone))
    assert deadlines(ledger) == {site: at(last_day_ends, zone)}


def test_a_rule_of_a_region_holds_below_it_until_a_leaf_says_otherwise(
    ledger: FoldedLedger,
) -> None:
    put_sites(ledger, {"id": "munich", "parent": "eu"})
    move(ledger, "munich", "munich")
    own = {
        "eu": {"rating_window_days": 2, "default_level": 1},
        "berlin": {"rating_window_days": 3},
    }
    rule(ledger, own, day_unit="natural", calendar="china")
    monday = at("2026-11-30 10:00", BERLIN)
    for device in ("eu", "munich", "berlin", "sh"):
        end(ledger, device, monday)
    assert deadlines(ledger) == {
        "eu": at("2026-12-03", BERLIN),
        "munich": at("2026-12-03", BERLIN),
        "berlin": at("2026-12-04", BERLIN),
        "sh": at("2026-12-06", SHANGHAI),
    }
    ledger.clock.advance(10 * 86_400_000)
    ledger.append([])
    rows = ledger.all(
        "SELECT s.site, r.level FROM session AS s JOIN rating AS r"
        " ON r.place = s.effective_place"
    )
    levels = {str(site): int(level) for site, level in rows}
    assert levels == {"eu": 1, "munich": 1, "berlin": 1, "sh": 3}


def test_a_changed_calendar_moves_open_deadlines_of_its_own_sites_only(
    ledger: FoldedLedger,
) -> None:
    rule(ledger, {}, rating_window_days=1)
    friday = at("2026-11-27 10:00", "UTC")
    end(ledger, "berlin", friday)
    end(ledger, "sh", friday)
    before = deadlines(ledger)
    days = GERMANY | {"days": {"2026-11-30": "rest"}}
    moved = ledger.settle("calendar_applied", {"name": "DE", "calendar": days})
    assert moved == {"moved": 1}
    assert deadlines(ledger) == before | {"berlin": at("2026-12-02", BERLIN)}
    days = CHINA | {"days": {"2026-11-30": "rest"}}
    moved = ledger.settle("calendar_applied", {"calendar": days})
    assert moved == {"moved": 1}
    assert deadlines(ledger)["sh"] == at("2026-12-02", SHANGHAI)


def test_a_site_that_goes_below_another_one_follows_its_rules_from_then_on(
    ledger: FoldedLedger,
) -> None:
    rule(ledger, {"eu": {"rating_window_days": 1}}, day_unit="natural")
    end(ledger, "sh", at("2026-11-30 10:00", SHANGHAI))
    assert deadlines(ledger) == {"sh": at("2026-12-06", SHANGHAI)}
    put_sites(ledger, {"id": "sh", "parent": "eu"})
    assert deadlines(ledger) == {"sh": at("2026-12-02", BERLIN)}


def test_days_of_a_site_s_own_win_over_its_calendar(ledger: FoldedLedger) -> None:
    own = {"berlin": {"calendar_days": {"2026-11-23": "work", "2026-11-24": "rest"}}}
    rule(ledger, own, rating_window_days=2)
    friday = at("2026-11-20 10:00", BERLIN)
    end(ledger, "berlin", friday)
    end(ledger, "eu", friday)
    assert deadlines(ledger) == {
        "berlin": at("2026-11-26", BERLIN),
        "eu": at("2026-11-26", BERLIN),
    }
    assert ledger.one("SELECT count(*) FROM session WHERE estimated") == 0


def test_a_calendar_without_a_table_is_monday_to_friday_and_estimated(
    ledger: FoldedLedger,
) -> None:
    put_sites(ledger, {"id": "oslo", "calendar": "NO"})
    move(ledger, "oslo", "oslo")
    rule(ledger, {}, rating_window_days=1)
    end(ledger, "oslo", at("2026-11-27 10:00", SHANGHAI))
    assert deadlines(ledger) == {"oslo": at("2026-12-01", SHANGHAI)}
    assert ledger.one("SELECT estimated FROM session") == 1


def test_the_excluding_flags_of_a_site_keep_out_its_own_ratings_only(
    ledger: FoldedLedger,
) -> None:
    rule(ledger, {"eu": {"excluding_flags": []}})
    for device in ("berlin", "sh"):
        press(ledger, device, "A1", prompt_delay_ms=100)
    rows = ledger.all(
        "SELECT b.site, r.details ->> '$.kept_out' FROM rating AS r"
        " JOIN binding AS b ON b.no = r.binding ORDER BY 1"
    )
    assert rows == [("berlin", None), ("sh", 1)]


def test_scores_of_events_are_by_the_site_s_map(ledger: FoldedLedger) -> None:
    scores = {"5": 100, "4": 80, "3": 60, "2": 30, "1": 0}
    rule(ledger, {"eu": {"score_map": scores}})
    press(ledger, "berlin", "A1", 4)
    press(ledger, "sh", "A1", 4)
    assert [event.score for event in ledger.ratings_told()] == [80.0, 4.0]


def test_sessions_are_required_where_a_site_says_so(ledger: FoldedLedger) -> None:
    rule(ledger, {"eu": {"session_mode": "required"}})
    press(ledger, "berlin", "A1")
    press(ledger, "sh", "A1")
    rows = ledger.all("SELECT site, state FROM session")
    assert rows == [("sh", "rated")]
    assert ledger.one("SELECT count(*) FROM waiting") == 1


def test_rules_that_cannot_hold_at_a_site_are_refused_whole(
    ledger: FoldedLedger,
) -> None:
    before = ledger.state.rulings.book.at("eu")
    for own in (
        {"default_level": 6},
        {"root": "other"},
        {"time_zone": "Mars/Olympus"},
        {"excluding_flags": ["nonsense"]},
        {"calendar": "lunar"},
        {"calendar_days": {"2026-01-01": "feast"}},
    ):
        outcome = rule(ledger, {"eu": own})
        assert outcome["error"] == "invalid"
        assert outcome["detail"].startswith("eu: ")
    assert ledger.state.rulings.book.at("eu") == before


def test_a_press_in_a_session_begun_before_the_zone_changed_is_counted_once(
    ledger: FoldedLedger,
) -> None:
    press(ledger, "ny", "A1", 5)
    put_sites(ledger, {"id": "ny", "time_zone": BERLIN})
    ledger.restart()
    ledger.clock.advance(60_000)
    press(ledger, "ny", "A1", 4)  # an amendment: takes the first one back
    counts = ledger.all("SELECT sum(count) FROM figure_hour WHERE count <> 0")
    assert counts == ledger.all("SELECT sum(count) FROM figure_month")
    assert ledger.one("SELECT min(count) FROM figure_hour") > 0


def test_sites_with_the_same_rules_share_one_ruling_after_a_restart_too(
    ledger: FoldedLedger,
) -> None:
    rule(ledger, {"eu": {"rating_window_days": 2}})
    end(ledger, "berlin", at("2026-11-20 10:00", BERLIN))
    ledger.restart()
    assert ledger.state.rulings["berlin"].session.rating_window_days == 2
    assert ledger.state.rulings["berlin"] is ledger.state.rulings["eu"]


@pytest.mark.parametrize("seed", range(8))
def test_in_any_order_of_arrival_each_site_has_the_same_sessions_and_hours(
    seed: int,
) -> None:
    def told(order: int) -> tuple[object, ...]:
        ledger = FoldedLedger()
        own = {"eu": {"rating_window_days": 2, "multi_press": "last"}}
        ledger.act("calendar_applied", {"name": "DE", "calendar": GERMANY})
        rule(ledger, own, session_mode="implicit")
        put_sites(ledger, *SITES)
        moment = at("2026-11-20 23:59", BERLIN)
        records = []
        for device in ("berlin", "ny", "sh"):
            move(ledger, device, device)
            ended = {"v": 1, "event_id": f"ended-{device}", "session_id": "S1"}
            ended |= {"action": "ended", "occurred_at": moment - 60_000}
            records.append(message(device, ended, channel="session"))
            for number, after_ms in enumerate((0, 2_000, 90_000)):
                name = f"press-{device}-{number}"
                body = element(name, 5 - number, session_id="S1")
                body["occurred_at"] = moment + after_ms
                records.append(message(device, body))
        random.Random(order).shuffle(records)
        for record in records:
            ledger.append([record])
        sessions = ledger.all(
            "SELECT site, state, business_date, ended_ms, amend_until_ms, r.event_id"
            " FROM session AS s JOIN rating AS r ON r.place = s.effective_place"
            " ORDER BY site"
        )
        figures = ledger.all(
            "SELECT b.site, f.key >> 36, f.key & 63, f.count FROM figure_hour AS f"
            " JOIN figure_key AS k ON k.no = f.key >> 6 & ((1 << 30) - 1)"
            " JOIN binding AS b ON b.no = k.binding ORDER BY 1, 2, 3"
        )
        return sessions, figures

    assert told(seed + 1) == told(0)
