"""What the API tells of made-up services is what the rules' words come to."""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.events import rfc3339
from gateway.ports import Record
from gateway.ratings.scoring import Weighted, composite
from tests.support import second_figures as second
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, message
from tests.support.population import LEVELS, Question, Service, Site, World

HOUR_MS: Final = 3_600_000
FIRST_MS: Final = START_MS - 80 * DAY_MS
MIDNIGHT_MS: Final = START_MS - 20 * HOUR_MS  # in the gateway's zone
NOVEMBER_MS: Final = MIDNIGHT_MS - 20 * DAY_MS
OCTOBER_MS: Final = NOVEMBER_MS - 31 * DAY_MS
SCORES: Final = {5: 100, 4: 80, 3: 60, 2: 30, 1: 0}
TENTHS: Final = {5: 9.9, 4: 7.25, 3: 5, 2: 2.5, 1: -1}
SITES: Final = (
    Site("eu", None, "Europe/Berlin", {"score_map": SCORES}),
    Site("berlin", "eu", None, {"min_n": 3, "satisfied_levels": [5, 4, 3]}),
    Site("munich", "eu", None, {"satisfied_levels": [5]}),
    Site("york", None, "America/New_York", {"score_map": TENTHS, "min_n": 2}),
    Site("hall"),
)
DEVICES: Final = {
    "d-1": ("berlin", "tax"),
    "d-2": ("munich", "law"),
    "d-3": ("york", "visa"),
    "d-4": ("hall", "care"),
    "d-5": ("hall", "cash"),
}
EMPLOYEES: Final = ("ann", "bob", "eve")
GROUPINGS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    *((name,) for name in ("site", "department", "employee", "device", "medium")),
    *((name,) for name in ("item", "reason", "hour", "weekday", *second.UNITS)),
    ("site", "month"),
    ("employee", "day"),
    ("week", "department"),
    ("hour", "weekday"),
    ("item", "month"),
    ("reason", "site"),
    ("quarter", "device"),
    ("site", "hour"),
    ("year", "employee"),
)
Place = tuple[str, str]


def world_of(seed: int, size: int) -> World:
    """So many services of 80 days, a few of them where periods begin and end."""
    dice = random.Random(seed)
    sites = {
        one.name: Site(one.name, one.parent, one.zone, _decimals(one.rules))
        for one in SITES
    }
    services = [_service(dice, number) for number in range(size)]
    if dice.random() < 0.5:  # what is lost belongs to no time and nobody
        services = [replace(one, skipped=0) for one in services]
    heard = set[str]()
    for at, one in enumerate(services):
        if one.device not in heard and one.level is not None:
            heard.add(one.device)
            services[at] = replace(one, skipped=0)  # nothing tells of what was before
    return World(sites, services, dice.choice((None, 3, 2)))


def _decimals(rules: Any) -> dict[str, Any]:  # noqa: ANN401 -- rules as they are written
    found = dict(rules)
    if "score_map" in found:
        found["score_map"] = {
            level: Decimal(str(score)) for level, score in found["score_map"].items()
        }
    return found


def _service(dice: random.Random, number: int) -> Service:
    device = dice.choice(tuple(DEVICES))
    site, department = DEVICES[device]
    edges = (NOVEMBER_MS, OCTOBER_MS, MIDNIGHT_MS, MIDNIGHT_MS - 7 * HOUR_MS)
    at_ms = dice.randrange(FIRST_MS, START_MS - HOUR_MS)
    if dice.random() < 0.3:
        at_ms = dice.choice(edges) + dice.choice((-1, 0, 1, -HOUR_MS, HOUR_MS))
    ended = dice.random() < 0.6
    level = dice.choice((*LEVELS, 5, 4, None))
    if not ended and level is None:
        level = 5
    void = level is not None and dice.random() < 0.1
    amended = dice.choice(LEVELS) if level and ended and not void else None
    codes = dice.sample(("speed", "calm", "clear"), dice.randint(0, 2))
    return Service(
        number=number,
        device=device,
        site=site,
        department=department,
        employee=dice.choice(EMPLOYEES),
        at_ms=at_ms,
        ended=ended,
        invited=dice.random() < 0.4,
        level=level,
        amended=amended if dice.random() < 0.2 else None,
        hurried=level is not None and dice.random() < 0.15,
        void=void,
        items=tuple((code, dice.choice(LEVELS)) for code in codes),
        reasons=tuple(dice.sample(("queue", "noise"), dice.randint(0, 2))),
        shared=dice.choice((None, None, *EMPLOYEES)),
        skipped=dice.choice((0, 0, 0, 1, 3)) if level is not None else 0,
    )


def question_of(dice: random.Random) -> Question:
    moments = (NOVEMBER_MS, OCTOBER_MS, MIDNIGHT_MS, MIDNIGHT_MS + 90_000)
    some = [dice.choice((*moments, dice.randrange(FIRST_MS, START_MS))) for _ in "ft"]
    low, high = sorted(some)
    group_by = dice.choice(GROUPINGS)
    chosen = {
        "site": dice.choice(("hall", "berlin")),
        "employee": dice.choice(EMPLOYEES),
        "device": dice.choice(tuple(DEVICES)),
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
    return Question(
        group_by=group_by,
        from_ms=dice.choice((None, low, low)),
        to_ms=dice.choice((None, high + 1, high + 1)) if low == high else high,
        filters={name: chosen[name]} if name else {},
        include_flagged=dice.random() < 0.5,
        shown=shown,
    )


def fill(api: FoldedApi, world: World) -> None:
    """Tell the gateway of all services, in any order, until no deadline is open."""
    own = api.world
    rules: dict[str, object] = {"unknown_devices": "approve"}
    level = world.default_level
    rules |= {"default_enabled": level is not None, "default_level": level or 3}
    said = {one.name: one.rules for one in SITES if one.rules}
    own.act("calendar_applied", {"calendar": {"calendar": "weekdays", "source": "-"}})
    own.act("rules_applied", {"rules": rules, "sites": said})
    assert own.one("SELECT value FROM setting WHERE name = 'rules'")
    sites = [
        {"id": one.name, "parent": one.parent, "time_zone": one.zone} for one in SITES
    ]
    places = [*DEVICES.values()]
    tables: dict[str, list[dict[str, Any]]] = {
        "sites": sites,
        "departments": [{"id": dep, "site": site} for site, dep in places],
        "windows": [
            {"id": f"w-{dep}", "site": site, "department": dep} for site, dep in places
        ],
        "employees": [{"id": name} for name in EMPLOYEES],
    }
    for table, rows in tables.items():
        own.act("registry_put", {"author": "test", "table": table, "rows": rows})
    for device, (site, dep) in DEVICES.items():
        row = {"device_id": device, "site": site, "window": f"w-{dep}"}
        own.act("device_put", {"device": row})
    seqs = dict.fromkeys(DEVICES, 0)
    for one in world.services:
        own.append(list(_records(one, seqs)))
        if one.void:
            rating = f"{one.device}:press-{one.number:04d}"
            act = {"author": "anna", "rating_id": rating, "reason": "test"}
            own.act("rating_voided", act)
    for _ in range(30):
        own.clock.advance(DAY_MS)
        own.append([])
    assert own.accounted(), own.fates()


def _records(one: Service, seqs: dict[str, int]) -> Iterator[Record]:
    """What a service's terminal sends."""
    session = {"v": 1, "session_id": f"S{one.number}"}
    told = {"invited": one.invited, "ended": one.ended}
    for action in (name for name, true in told.items() if true):
        body = {**session, "event_id": f"{action}-{one.number:04d}", "action": action}
        body |= {"occurred_at": one.at_ms, "employee_id": one.employee}
        yield message(one.device, body, START_MS, "session")
    if one.level is None:
        return
    after_ms = 60_000 if one.ended else 0
    seqs[one.device] += 1 + (one.skipped if seqs[one.device] else 0)
    press = {
        **session,
        "event_id": f"press-{one.number:04d}",
        "level": one.level,
        "seq": seqs[one.device],
        "occurred_at": one.at_ms + after_ms,
        "employee_id": one.employee,
        "items": [{"code": code, "level": level} for code, level in one.items],
        "reasons": one.reasons,
        "attributions": [one.shared] if one.shared else [],
        "prompt_delay_ms": 100 if one.hurried else 4_000,
    }
    yield message(one.device, press, START_MS)
    if one.amended is not None:
        own = f"amend-{one.number:04d}"
        again = {**session, "event_id": own, "level": one.amended}
        again |= {"occurred_at": one.at_ms + 120_000, "employee_id": one.employee}
        again |= {"amends": press["event_id"]}
        yield message(one.device, again, START_MS)


def params_of(asked: Question) -> dict[str, str]:
    found: dict[str, str] = dict(asked.filters)
    if asked.group_by:
        found["group_by"] = ",".join(asked.group_by)
    for name, at_ms in (("from", asked.from_ms), ("to", asked.to_ms)):
        if at_ms is not None:
            found[name] = rfc3339(at_ms)
    if asked.include_flagged:
        found["include_flagged"] = "true"
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
    found["score_map"] = {
        int(level): Decimal(score) for level, score in found["score_map"].items()
    }
    found["satisfied_levels"] = list(found["satisfied_levels"])
    return key, found


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
        finally:
            api.close()


# Populations are drawn by one seed: smaller seeds are no smaller examples.
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 2**32), st.integers(0, 60))
def test_all_that_is_told_of_services_is_what_the_rules_say(
    seed: int, size: int
) -> None:
    check(seed, size, questions=6)


async def compare_streaks(api: FoldedApi, world: World, dice: random.Random) -> None:
    by = dice.choice(("site", "employee", "device"))
    below, months = dice.choice((50, 80, 101)), dice.randint(1, 3)
    query = {"by": by, "below": below, "months": months}
    answer = await api.get("/api/v1/streaks", **query)
    assert answer.status_code == 200, answer.text
    told = [(one["who"], one["months"]) for one in answer.json()["items"]]
    rates: dict[str, dict[str, str | None]] = {}
    for (who, month), one in second.expected(world, Question((by, "month"))).items():
        rates.setdefault(str(who), {})[str(month)] = one["satisfaction_rate"]
    assert told == second.streaks(rates, Decimal(below), months), query


async def compare_samples(api: FoldedApi, world: World, dice: random.Random) -> None:
    """How many unrated sessions a sample holds; voided ones are without a rating."""
    volume, share = dice.randint(1, 40), dice.choice(("0.30", "0", "0.5", "1"))
    body = {"volume": volume, "unrated_share": share, "seed": "s"}
    outcome = (await api.post("/api/v1/samples", body)).json()["outcome"]
    unrated = sum(
        one.ended and (one.level is None or one.void) for one in world.services
    )
    told = len(outcome["unrated"]), outcome["unrated_shortfall"]
    wanted = second.unrated_of(volume, Decimal(share), unrated)
    assert told == wanted, (body, told, wanted)


SCORES_OF_ITEMS = st.one_of(st.none(), st.decimals(0, 100, places=2))


@given(
    st.lists(st.tuples(st.integers(0, 40), SCORES_OF_ITEMS), min_size=1, max_size=5),
    st.booleans(),
)
def test_a_composite_is_the_weighted_sum_of_its_items(
    parts: list[tuple[int, Decimal | None]],
    renormalise: bool,  # noqa: FBT001 -- drawn by position
) -> None:
    last = 100 - sum(weight for weight, _ in parts[1:])
    weighed = [(last, parts[0][1]), *parts[1:]]
    told = composite(
        [
            Weighted(Fraction(weight), None if one is None else Fraction(one))
            for weight, one in weighed
        ],
        renormalise=renormalise,
    )
    again = [(Decimal(weight), one) for weight, one in weighed]
    assert told == second.composite(again, renormalise=renormalise)
