"""One visit a site, for all that needs hands there."""

from fleet.planner import Need, Why, plan_visits

NOW, HORIZON = 1_000, 2_000


def need(
    device: str,
    why: Why = "fault",
    cause: str = "display",
    by_ms: int = 1_500,
    from_ms: int | None = None,
) -> Need:
    return Need(
        device_id=device,
        site=device.partition("-")[0],
        why=why,
        cause=cause,
        by_ms=by_ms,
        from_ms=from_ms,
    )


def test_all_needs_of_a_site_are_one_visit() -> None:
    needs = [
        need("hall-1"),
        need("hall-2", "inspection", "quarterly", by_ms=1_700),
        need("hall-1", "drift", "config", by_ms=1_900),
        need("north-1", "spot_check", "2026-11", by_ms=1_600),
    ]
    visits = plan_visits(needs, NOW, HORIZON)
    assert [(one.site, one.by_ms, len(one.stops)) for one in visits] == [
        ("hall", 1_500, 2),
        ("north", 1_600, 1),
    ]
    first = visits[0].stops[0]
    assert [one.cause for one in first.needs] == ["display", "config"]


def test_no_site_is_visited_for_what_can_wait() -> None:
    assert plan_visits([need("hall-1", by_ms=HORIZON)], NOW, HORIZON) == []


def test_who_goes_there_also_does_what_would_call_for_a_visit_soon() -> None:
    soon = need("hall-2", "inspection", "quarterly", by_ms=3_000, from_ms=1_900)
    later = need("hall-3", "inspection", "quarterly", by_ms=9_000, from_ms=2_000)
    (visit,) = plan_visits([need("hall-1"), soon, later], NOW, HORIZON)
    assert [stop.device_id for stop in visit.stops] == ["hall-1", "hall-2"]


def test_a_part_is_brought_once_for_each_device_that_needs_it() -> None:
    needs = [
        need("hall-1", cause="battery"),
        need("hall-1", "forecast", "battery_forecast", by_ms=1_800),
        need("hall-2", "forecast", "battery_forecast"),
        need("hall-2", cause="dead_key"),
        need("hall-3", "inspection", "quarterly"),
    ]
    (visit,) = plan_visits(needs, NOW, HORIZON)
    assert visit.parts == {"battery": 2, "keypad": 1}
    (own,) = plan_visits(needs[:1], NOW, HORIZON, {"battery": ("CR123A", "seal")})
    assert own.parts == {"CR123A": 1, "seal": 1}


def test_the_same_need_told_twice_is_one_and_the_sooner_deadline_holds() -> None:
    needs = [need("hall-1", by_ms=1_800), need("hall-1", by_ms=1_600)]
    for order in (needs, needs[::-1]):
        (visit,) = plan_visits(order, NOW, HORIZON)
        assert [one.by_ms for one in visit.stops[0].needs] == [1_600]


def test_what_is_late_comes_first_and_says_so() -> None:
    needs = [need("b-1"), need("a-1"), need("c-1", by_ms=900), need("b-2")]
    visits = plan_visits(needs, NOW, HORIZON)
    assert [(one.site, one.overdue) for one in visits] == [
        ("c", True),
        ("b", False),
        ("a", False),
    ]
