"""Services drawn by a seed, and told to a gateway: all at once, or as they happen."""

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec

from gateway.ports import Record, RecordKind
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, message
from tests.support.population import LEVELS, Scale, Service, Site, World

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
SCALES: Final = {
    device: Scale(name, {level: Decimal(score) for level, score in scores.items()})
    for device, name, scores in (
        ("d-2", "4-maker", {5: "10", 4: "8", 2: "5", 1: "3"}),
        ("d-5", "5-maker", {5: "9.5", 4: "7", 3: "0", 2: "-1.25", 1: "-3"}),
    )
}
"""Of terminals whose makes have scores of their own; the first has no level 3."""
EMPLOYEES: Final = ("ann", "bob", "eve")
WEB: Final = "http-local"
_UNANSWERED: Final[dict[str, Any]] = {
    "level": None,
    "amended": None,
    "hurried": False,
    "void": False,
    "items": (),
    "reasons": (),
    "shared": None,
    "skipped": 0,
    "origin": "customer",
}


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
    services = [_on_scale(one) for one in services]
    return World(sites, services, dice.choice((None, 3, 2)), scales=SCALES)


def _on_scale(one: Service) -> Service:
    """With levels that its terminal has keys for."""
    if one.device not in SCALES:
        return one

    keys = SCALES[one.device].scores

    def near(level: int) -> int:
        return level if level in keys else 4

    items = tuple((code, near(level)) for code, level in one.items)
    level, amended = (each and near(each) for each in (one.level, one.amended))
    return replace(one, level=level, amended=amended, items=items)


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
    codes = dice.sample(("speed", "calm", "clear"), dice.randint(0, 2))
    one = Service(
        number=number,
        device=device,
        site=site,
        department=department,
        employee=dice.choice(EMPLOYEES),
        at_ms=at_ms,
        ended=dice.random() < 0.6,
        invited=dice.random() < 0.4,
        level=dice.choice((*LEVELS, 5, 4, None)),
        amended=dice.choice(LEVELS) if dice.random() < 0.15 else None,
        hurried=dice.random() < 0.15,
        void=dice.random() < 0.1,
        items=tuple((code, dice.choice(LEVELS)) for code in codes),
        reasons=tuple(dice.sample(("queue", "noise"), dice.randint(0, 2))),
        shared=dice.choice((None, None, *EMPLOYEES)),
        skipped=dice.choice((0, 0, 0, 1, 3)),
        service=dice.choice((None, "tax-1", "tax-2")),
        medium=dice.choice(("terminal",) * 8 + ("web", "phone")),
        origin=dice.choice(("customer",) * 8 + ("staff_proxy", "device_timeout")),
        reason=dice.choice((None, None, "left", "refused")),
        closed=dice.choice((None,) * 8 + ("cancelled", "not_eligible")),
    )
    return _possible(one)


def _possible(one: Service) -> Service:
    """Without what cannot be of such a service."""
    if one.medium != "terminal":
        alone: dict[str, Any] = {
            "ended": False,
            "invited": False,
            "closed": None,
            "skipped": 0,
        }
        one = replace(one, **alone, device=WEB, origin="customer")
    if not one.ended:
        one = replace(one, level=one.level or 5, amended=None, reason=None)
    if one.closed or one.level is None:
        return replace(one, **_UNANSWERED)
    if not one.ended and not one.invited:
        one = replace(one, service=None)
    if one.void or one.origin == "device_timeout":
        one = replace(one, amended=None)
    return one if one.origin == "customer" else replace(one, hurried=False)


def fill(api: FoldedApi, world: World) -> None:
    """Tell the gateway of all services, in any order, until no deadline is open."""
    organise(api, world)
    seqs = dict.fromkeys((*DEVICES, WEB), 0)
    for one in world.services:
        _tell(api, one, seqs)
    for _ in range(30):
        api.world.clock.advance(DAY_MS)
        api.world.append([])
    assert api.world.accounted(), api.world.fates()


def organise(api: FoldedApi, world: World) -> None:
    """Put rules, sites and terminals in force."""
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
    profiles = {device: {"scale": _told_scale(one)} for device, one in SCALES.items()}
    own.act("profiles_applied", {"profiles": profiles})
    for device, (site, dep) in DEVICES.items():
        row = {"device_id": device, "site": site, "window": f"w-{dep}"}
        if device in SCALES:
            row["profile"] = device
        own.act("device_put", {"device": row})


def _told_scale(scale: Scale) -> dict[str, Any]:
    return {
        "name": scale.name,
        "labels": {f"{level}": level for level in scale.scores},
        "scores": {f"{level}": float(one) for level, one in scale.scores.items()},
    }


def fill_as_it_happens(
    api: FoldedApi, world: World, until_ms: int, targets: list[dict[str, Any]]
) -> World:
    """Tell of each service when it happened or days later, four times a day.

    The same services, with when they were told.
    """
    organise(api, world)
    api.world.act("targets_applied", {"targets": targets})
    own, seqs = api.world, dict.fromkeys((*DEVICES, WEB), 0)
    steps = [
        day_ms + minutes * 60_000
        for day_ms in range(FIRST_MS - FIRST_MS % DAY_MS, until_ms, DAY_MS)
        for minutes in _TELLING
        if own.clock.wall_ms() <= day_ms + minutes * 60_000 < until_ms
    ]
    told = [_timed(one, steps) for one in world.services]
    for step_ms in steps:
        own.clock.advance(step_ms - own.clock.wall_ms())
        own.take()
        own.clock.advance(TOLD_AFTER_MS)
        for one in told:
            if step_ms + TOLD_AFTER_MS == one.told_ms:
                own.take(*_events(one, own.clock.wall_ms()))
            if step_ms + TOLD_AFTER_MS == one.rated_ms:
                _press(api, one, seqs)
    own.clock.advance(until_ms - own.clock.wall_ms())
    own.take()
    assert own.accounted(), own.fates()
    return replace(world, services=told)


_TELLING: Final = (4 * 60 + 30, 5 * 60 + 30, 12 * 60 + 30, 20 * 60 + 30)
"""Minutes of a day, UTC: half an hour after it is over in New York, and between."""
TOLD_AFTER_MS: Final = 600_000
NEVER_MS: Final = START_MS + 1_000 * DAY_MS


def _timed(one: Service, steps: list[int]) -> Service:
    """With when it is told: at the next step, or some days later; its rating, too."""
    dice = random.Random(one.number)
    told_ms = one.at_ms + 180_000 + dice.choice((0, 0, 0, dice.randrange(9 * DAY_MS)))
    rated_ms = told_ms
    if one.ended:
        rated_ms += dice.choice((0, 0, 0, dice.randrange(9 * DAY_MS)))
    moments = [
        next((step for step in steps if step > at_ms), NEVER_MS) + TOLD_AFTER_MS
        for at_ms in (told_ms, rated_ms)
    ]
    return replace(one, told_ms=moments[0], rated_ms=moments[1], skipped=0)


def _tell(api: FoldedApi, one: Service, seqs: dict[str, int]) -> None:
    api.world.append(list(_events(one, START_MS)))
    _press(api, one, seqs)


def _press(api: FoldedApi, one: Service, seqs: dict[str, int]) -> None:
    """Send the rating of a service, if there is one."""
    if one.level is None:
        return
    seqs[one.device] += 1 + (one.skipped if seqs[one.device] else 0)
    now_ms = api.world.clock.wall_ms()
    api.world.append(list(_ratings(one, seqs[one.device], now_ms)))
    if one.void:
        rating = f"{one.device}:press-{one.number:04d}"
        act = {"author": "anna", "rating_id": rating, "reason": "test"}
        api.world.act("rating_voided", act)


def _events(one: Service, now_ms: int) -> Iterator[Record]:
    """What a service's terminal sends of its session."""
    told = {str(one.closed): one.closed, "invited": one.invited, "ended": one.ended}
    for action in (name for name, true in told.items() if true):
        body: dict[str, object] = {
            "v": 1,
            "session_id": f"S{one.number}",
            "event_id": f"{action}-{one.number:04d}",
            "action": action,
            "occurred_at": one.at_ms,
            "employee_id": one.employee,
            "service_code": one.service,
            "reason": one.reason,
        }
        yield message(one.device, _said(body), now_ms, "session")


def _said(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not None}


def _ratings(one: Service, seq: int, now_ms: int) -> Iterator[Record]:
    """What a service's terminal sends of its rating, or a page on the web."""
    press: dict[str, object] = {
        "v": 1,
        "session_id": f"S{one.number}",
        "event_id": f"press-{one.number:04d}",
        "level": one.level,
        "occurred_at": one.at_ms + (60_000 if one.ended else 0),
        "employee_id": one.employee,
        "origin": one.origin,
        "items": [{"code": code, "level": level} for code, level in one.items],
        "reasons": one.reasons,
        "attributions": [one.shared] if one.shared else [],
        "prompt_delay_ms": 100 if one.hurried else 4_000,
    }
    if one.medium != "terminal":
        press |= {"medium": one.medium, "site": one.site, "window": one.window}
        payload = msgspec.json.encode(press)
        yield Record(RecordKind.HTTP, f"{WEB}/rating", payload, now_ms)
    else:
        yield message(one.device, {**press, "seq": seq}, now_ms)
    if one.amended is not None:
        yield message(one.device, _amendment(press, one), now_ms)


def _amendment(press: dict[str, object], one: Service) -> dict[str, object]:
    kept = ("v", "session_id", "employee_id")
    return {
        **{name: press[name] for name in kept},
        "event_id": f"amend-{one.number:04d}",
        "level": one.amended,
        "occurred_at": one.at_ms + 120_000,
        "amends": press["event_id"],
    }
