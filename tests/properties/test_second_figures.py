"""What the API tells of made-up services is what the rules' words come to."""

import asyncio
import json
import random
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from gateway.events import rfc3339
from tests.support import second_figures as second
from tests.support import second_targets
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS
from tests.support.populated import (
    DEVICES,
    EMPLOYEES,
    FIRST_MS,
    MIDNIGHT_MS,
    NOVEMBER_MS,
    OCTOBER_MS,
    WEB,
    fill,
    fill_as_it_happens,
    world_of,
)
from tests.support.population import LEVELS, Question, World

GROUPINGS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    *((name,) for name in ("site", "department", "window", "employee")),
    *((name,) for name in ("device", "service", "medium", "item", "reason")),
    *((name,) for name in ("hour", "weekday", *second.UNITS)),
    ("site", "month"),
    ("employee", "day"),
    ("week", "department"),
    ("hour", "weekday"),
    ("item", "month"),
    ("reason", "site"),
    ("quarter", "device"),
    ("site", "hour"),
    ("year", "employee"),
    ("service", "medium"),
    ("window", "day"),
)
LEVELS_OF: Final = {
    "satisfaction_rate": Decimal(80),
    "satisfaction_rate_with_defaults": Decimal("66.67"),
    "mean_level": Decimal("3.5"),
    "mean_level_with_defaults": Decimal(4),
    "mean_score": Decimal("4.25"),
    "mean_score_with_defaults": Decimal(50),
    "response_rate": Decimal(101),
    "invitation_rate": Decimal(50),
    "unrated_share": Decimal(30),
    "overdue_share": Decimal(25),
    "rated": Decimal(3),
    "eligible": Decimal(2),
}
"""What somebody is to reach of each figure, so that some do not."""


def question_of(dice: random.Random) -> Question:
    moments = (NOVEMBER_MS, OCTOBER_MS, MIDNIGHT_MS, MIDNIGHT_MS + 90_000)
    some = [dice.choice((*moments, dice.randrange(FIRST_MS, START_MS))) for _ in "ft"]
    low, high = sorted(some)
    group_by = dice.choice(GROUPINGS)
    chosen = {
        "site": dice.choice(("hall", "berlin")),
        "employee": dice.choice(EMPLOYEES),
        "device": dice.choice((*DEVICES, WEB)),
        "department": "tax",
        "window": "w-care",
        "service": "tax-1",
        "medium": dice.choice(("terminal", "web")),
        "item": "speed",
    }
    name = dice.choice((None, None, *chosen))
    if name == "item" and "reason" in group_by:
        name = None
    shown: dict[str, Any] = {}
    if dice.random() < 0.3:
        shown["satisfied_levels"] = dice.sample(LEVELS, 3)
    if dice.random() < 0.3:
        shown["min_n"] = dice.randint(1, 4)
    if dice.random() < 0.3:
        scores = (dice.randint(0, 1000) for _ in LEVELS)
        named = zip(LEVELS, scores, strict=True)
        shown["score_map"] = {level: Decimal(score) / 8 for level, score in named}
    from_ms = dice.choice((None, low, low))
    to_ms = dice.choice((None, high + 1, high + 1)) if low == high else high
    units = set(second.UNITS) & set(group_by)
    days = None
    if from_ms is not None and to_ms is not None and not units:
        days = dice.choice((None, 1, 7, 30, dice.randint(1, 366)))
    return Question(
        group_by=group_by,
        from_ms=from_ms,
        to_ms=to_ms,
        previous_days=days,
        filters={name: chosen[name]} if name else {},
        include_flagged=dice.random() < 0.5,
        shown=shown,
    )


def params_of(asked: Question) -> dict[str, str]:
    found: dict[str, str] = dict(asked.filters)
    if asked.group_by:
        found["group_by"] = ",".join(asked.group_by)
    for name, at_ms in (("from", asked.from_ms), ("to", asked.to_ms)):
        if at_ms is not None:
            found[name] = rfc3339(at_ms)
    if asked.include_flagged:
        found["include_flagged"] = "true"
    if asked.previous_days is not None:
        found["previous_days"] = f"{asked.previous_days}"
    for name, value in asked.shown.items():
        found[name] = str(value)
        if name == "satisfied_levels":
            found[name] = ",".join(map(str, value))
        elif name == "score_map":
            found[name] = ",".join(f"{level}:{one}" for level, one in value.items())
    return found


def of_api(item: dict[str, Any], asked: Question) -> tuple[second.Key, dict[str, Any]]:
    """An item as the second implementation writes it."""
    found = dict(item)
    values = found.pop("key")
    key = tuple(values[name] for name in asked.group_by)
    found["score_map"] = _decimals(found["score_map"])
    maps = found["score_maps"].items()
    found["score_maps"] = {scale: _decimals(scores) for scale, scores in maps}
    return key, found


def _decimals(scores: dict[str, str]) -> dict[int, Decimal]:
    return {int(level): Decimal(score) for level, score in scores.items()}


async def compare(api: FoldedApi, world: World, asked: Question) -> None:
    answer = await api.get("/api/v1/statistics", **params_of(asked))
    assert answer.status_code == 200, answer.text
    told = dict(of_api(item, asked) for item in answer.json()["items"])
    again = second.expected(world, asked)
    place = {*asked.group_by, *asked.filters} <= {"site", "department", "device"}
    whole = place and asked.from_ms is None and asked.to_ms is None
    lossless = not any(one.skipped for one in world.services)
    skipped = set() if whole or lossless else {"completeness", "previous", "trend"}
    for key in told.keys() | again.keys():
        if key not in told or key not in again:  # only what counts nothing may be left
            one = told.get(key) or again[key]
            assert not any(one[name] for name in ("rated", "eligible", "voided"))
            continue
        differing = {
            name: (told[key][name], value)
            for name, value in again[key].items()
            if name not in skipped and told[key][name] != value
        }
        assert not differing, (asked, key, differing)


def check(seed: int, size: int, questions: int) -> None:
    world, dice = world_of(seed, size), random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        api = FoldedApi(Path(directory))
        try:
            fill(api, world)
            for _ in range(questions):
                asyncio.run(compare(api, world, question_of(dice)))
            asyncio.run(compare_streaks(api, world, dice))
            asyncio.run(compare_samples(api, world, dice))
            for _ in range(3):
                asyncio.run(compare_composites(api, world, dice))
        finally:
            api.close()


# Populations are drawn by one seed: smaller seeds are no smaller examples.
DRAWN: Final = settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate]
)


@DRAWN
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_all_that_is_told_of_services_is_what_the_rules_say(
    seed: int, size: int
) -> None:
    check(seed, size, questions=6)


def check_as_it_happens(seed: int, size: int) -> None:
    """Sessions still wait, ratings come after their default, and periods end."""
    world, dice = world_of(seed, size), random.Random(seed)
    until_ms = START_MS + dice.randrange(-9, 9) * DAY_MS + 1_800_000
    figures = dice.sample(tuple(LEVELS_OF.items()), 4)
    scopes = [dice.choice(SCOPES) for _ in figures]
    targets = [
        second_targets.Target(name, level, scope, dice.choice(("day", "week", "month")))
        for (name, level), scope in zip(figures, scopes, strict=True)
    ]
    with tempfile.TemporaryDirectory() as directory:
        api = FoldedApi(Path(directory), FIRST_MS)
        try:
            told = [
                {
                    "figure": one.figure,
                    "at_least": f"{one.at_least}",
                    "scope": one.scope,
                    "period": one.period,
                }
                for one in targets
            ]
            world = fill_as_it_happens(api, world, until_ms, told)
            asyncio.run(compare_targets(api, world, targets, until_ms))
            for _ in range(2):
                asyncio.run(compare(api, world.heard(until_ms), question_of(dice)))
        finally:
            api.close()


SCOPES: Final[tuple[dict[str, str], ...]] = (
    {},
    {"employee": "*"},
    {"site": "*"},
    {"device": "*", "medium": "terminal"},
    {"employee": "ann", "department": "*"},
    {"window": "w-care"},
)


@DRAWN
@given(st.integers(0, 2**32), st.integers(0, 60))
@example(1102, 57)  # by one clock the day before goes on after `to`
def test_targets_are_missed_as_the_rules_say_while_services_come_in(
    seed: int, size: int
) -> None:
    check_as_it_happens(seed, size)


def _line(miss: dict[str, Any]) -> str:
    return json.dumps(miss, sort_keys=True)


async def compare_targets(
    api: FoldedApi, world: World, targets: list[second_targets.Target], until_ms: int
) -> None:
    told: list[dict[str, Any]] = []
    more: dict[str, object] = {}
    while True:
        answer = await api.get("/api/v1/targets/missed", limit=1000, **more)
        assert answer.status_code == 200, answer.text
        told += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
        more = {"cursor": cursor}
    moments = [one["told_at"] for one in told]
    assert moments == sorted(moments, reverse=True)
    first = datetime.fromtimestamp(FIRST_MS / 1000, UTC).date()
    again = [
        {**one, "told_at": rfc3339(one["told_at"])}
        for target in targets
        for one in second_targets.missed(world, target, first, until_ms)
    ]
    assert len({one.pop("rules_revision") for one in told}) <= 1
    ours, theirs = (
        {json.dumps(one, sort_keys=True) for one in some} for some in (told, again)
    )
    assert ours == theirs, (sorted(ours - theirs), sorted(theirs - ours))
    assert len(told) == len(again)


async def compare_streaks(api: FoldedApi, world: World, dice: random.Random) -> None:
    by = dice.choice(("site", "department", "window", "employee", "device", "service"))
    figure, below = dice.choice(tuple(LEVELS_OF.items()))
    months = dice.randint(1, 3)
    asked = replace(question_of(dice), group_by=(by, "month"))
    query = {"by": by, "figure": figure, "below": below, "months": months}
    query |= {
        name: one
        for name, one in params_of(asked).items()
        if name not in {"group_by", "previous_days"}
    }
    answer = await api.get("/api/v1/streaks", **query)
    assert answer.status_code == 200, answer.text
    told = [tuple(one.values()) for one in answer.json()["items"]]
    rates: dict[str, dict[str, Any]] = {}
    groups = second.of_groups(world, asked)
    for (who, month), one in groups.items():
        if who is None:
            continue
        rates.setdefault(str(who), {})[str(month)] = one[figure]
    assert told == second_targets.streaks(rates, Decimal(below), months), query


WEIGHTS: Final = ("speed:60,calm:40", "calm:33.5,speed:66.25,clear:0.25", "speed:100")
GROUPS_OF_ITEMS: Final = ((), ("employee",), ("site", "month"), ("department",))


async def compare_composites(api: FoldedApi, world: World, dice: random.Random) -> None:
    drawn, text = question_of(dice), dice.choice(WEIGHTS)
    filters = {name: one for name, one in drawn.filters.items() if name != "item"}
    asked = replace(
        drawn,
        group_by=dice.choice(GROUPS_OF_ITEMS),
        filters=filters,
        previous_days=None,
    )
    renormalise = dice.random() < 0.5
    params = {**params_of(asked), "weights": text, "renormalise": renormalise}
    answer = await api.get("/api/v1/statistics/composites", **params)
    assert answer.status_code == 200, answer.text
    told = dict(of_api(item, asked) for item in answer.json()["items"])
    pairs = (name.split(":") for name in text.split(","))
    weights = {name: Decimal(weight) for name, weight in pairs}
    again = second.of_items(world, asked, weights, renormalise=renormalise)
    for key in told.keys() ^ again.keys():  # only what counts nothing may be left
        one = (told.get(key) or again[key])["items"].values()
        assert not any(each["rated_with_defaults"] for each in one), (params, key)
    for key in told.keys() & again.keys():
        expected = again[key]
        assert {name: told[key][name] for name in expected} == expected, (params, key)


async def compare_samples(api: FoldedApi, world: World, dice: random.Random) -> None:
    """How many unrated sessions a sample holds; voided ones are without a rating."""
    volume, share = dice.randint(1, 40), dice.choice(("0.30", "0", "0.5", "1"))
    body = {"volume": volume, "unrated_share": share, "seed": "s"}
    outcome = (await api.post("/api/v1/samples", body)).json()["outcome"]
    unrated = sum(
        one.ended
        and not one.closed
        and (
            one.level is None
            or one.void
            or (one.origin != "customer" and one.amended is None)
        )
        for one in world.services
    )
    told = len(outcome["unrated"]), outcome["unrated_shortfall"]
    wanted = second_targets.unrated_of(volume, Decimal(share), unrated)
    assert told == wanted, (body, told, wanted)
