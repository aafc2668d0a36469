"""Records of all kinds, drawn by dice: few names, so that they meet."""

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from hypothesis import strategies as st

from gateway.ports import Record, RecordFlag, RecordKind
from tests.support.folding import DAY_MS, START_MS, act, message

DEVICES: Final = ("eval-0001", "eval-0002", "new-0001")
IDS: Final = tuple(f"event-{number:04d}" for number in range(12))
TIMES: Final = (
    None,
    START_MS,
    START_MS - 3_000,
    START_MS - 60_000,
    START_MS - 6 * DAY_MS,
    START_MS - 200 * DAY_MS,
    1_000_000_000_000,
)
_LEVELS: Final = (5, 4, 3, 2, 1, 1, "5", 9)
_JUNK: Final = (b"", b"{", b"\xff", b"[[{}]]", b'[[{"v":1,"event_id":"nested-01"}]]')
_FLAGS: Final = (*[0] * 15, RecordFlag.RETAINED.value, RecordFlag.BACKLOG.value)
_ANNA: Final = {"author": "anna"}
_KEYS: Final[Sequence[Sequence[int]]] = ([], [0], [0, 1])
_SITES_SHARE: Final = 0.12
_PAUSES_SHARE: Final = 0.05
_PRESSES_SHARE: Final = 0.15
_HALF: Final = 0.5
_VOIDS_SHARE: Final = 0.2
_BIRTH: Final = {
    "v": 1,
    "state": "online",
    "conn_id": "c1",
    "capabilities": {"receipts": True},
}
_STEPS: Final = ("contacted", "fixed", "confirmed")


def _element(dice: random.Random) -> dict[str, Any]:
    fields = {
        "v": 1,
        "event_id": dice.choice(IDS),
        "level": dice.choice(_LEVELS),
        "occurred_at": dice.choice(TIMES),
    }
    reference = dice.choice((dice.choice(IDS), f"{_device(dice)}:{dice.choice(IDS)}"))
    if dice.random() < 0.07:
        return fields | {"level": None, "comment_for": reference, "comment": "good"}
    rare = (
        (0.6, "session_id", dice.choice(("A1", "A2"))),
        (0.1, "stage", 1),
        (0.5, "seq", dice.randint(0, 9)),
        (0.3, "boot_id", dice.choice(("b1", "b2"))),
        (0.3, "amends", reference),
        (0.1, "origin", "device_timeout"),
        (0.1, "round", "followup"),
        (0.1, "mode", "test"),
        (0.1, "comment", "fine"),
        (0.2, "uptime_ms", 1_000),
        (0.2, "sent_uptime_ms", 61_000),
    )
    return fields | {
        name: value for share, name, value in rare if dice.random() < share
    }


def _device(dice: random.Random) -> str:
    return dice.choice(DEVICES)


def _rating(dice: random.Random) -> Record:
    body: object = _element(dice)
    if dice.random() < 0.15:
        body = [_element(dice) for _ in range(dice.randint(0, 3))]
    if dice.random() < 0.05:
        body = dice.choice(_JUNK)
    return message(_device(dice), body, flags=dice.choice(_FLAGS))


def _service(dice: random.Random) -> Record:
    """A session event, of a terminal or a queue system."""
    actions = ("opened", "opened", "ended", "ended", "ended", "invited", "cancelled")
    body: dict[str, Any] = {
        "v": 1,
        "event_id": f"{dice.choice(IDS)}-s",
        "session_id": dice.choice(("A1", "A2")),
        "action": dice.choice(actions),
        "occurred_at": dice.choice(TIMES[1:-1]),
    }
    if dice.random() < 0.2:
        body["stage"] = 1
    if dice.random() < 0.3:
        body["employee_id"] = "0042"
    if dice.random() < 0.3:
        payload = msgspec.json.encode(body | {"site": dice.choice(("hall", "annex"))})
        return Record(RecordKind.HTTP, "http-local/session", payload, START_MS)
    return message(_device(dice), body, channel="session")


def _complaint(dice: random.Random) -> Record:
    body = {"v": 1, "event_id": f"{dice.choice(IDS)}-c", "comment": "rude"}
    at_ms = dice.choice(TIMES[1:-1])
    return message(_device(dice), body | {"occurred_at": at_ms}, channel="complaint")


def _presence(dice: random.Random) -> Record:
    state, conn_id = dice.choice(("online", "offline")), dice.choice(("c1", "c2"))
    body = {"v": 1, "state": state, "conn_id": conn_id}
    receipts = {"capabilities": {"receipts": True}}
    return message(_device(dice), body | receipts, START_MS, "presence")


def _heartbeat(dice: random.Random) -> Record:
    at_ms = START_MS + dice.choice((0, 0, 60_000, 240_000, 900_000))
    body = {
        "v": 1,
        "occurred_at": at_ms - dice.choice((0, 8 * 3_600_000)),
        "boot_id": dice.choice(("b1", "b2")),
        "key_counts": [dice.randint(0, 9), 3],
        "battery_pct": dice.choice((4, 90)),
        "faults": dice.choice(([], ["rtc"])),
    }
    return message(_device(dice), body, at_ms, "heartbeat", dice.choice(_FLAGS))


def _report(dice: random.Random) -> Record:
    body = {"v": 1, "event_id": dice.choice(IDS)}
    if dice.random() < 0.5:
        item = {"code": "display", "result": dice.choice(("pass", "fail"))}
        test = {"trigger": "boot", "items": [item], "keys_pressed": dice.choice(_KEYS)}
        return message(_device(dice), body | test, START_MS, "selftest")
    reply = {"command_id": "command-01", "status": "done"}
    return message(_device(dice), body | reply, START_MS, "reply")


def _act(dice: random.Random) -> Record:
    items = dice.choice(({}, {"reason": "unknown_level"}, {"reason": "id_conflict"}))
    rules = {
        "session_mode": dice.choice(("implicit", "implicit", "none", "required")),
        "multi_press": dice.choice(("first", "last")),
        "amendments_max": dice.randint(0, 2),
        "time_zone": dice.choice(("Asia/Shanghai", "Pacific/Auckland")),
        "employee_tag": dice.choice((True, False)),
        "event_age_days_max": dice.choice((90, 90, 365)),
    }
    rating_id = f"{_device(dice)}:{dice.choice(IDS)}"
    device = {**_ANNA, "device_id": _device(dice)}
    return dice.choice(
        (
            act(dice.choice(("device_approved", "device_maintenance")), device),
            act("device_retired", {**_ANNA, "device_id": DEVICES[1]}),
            act("rating_voided", {**_ANNA, "rating_id": rating_id, "reason": "x"}),
            act("rating_disputed", {**_ANNA, "rating_id": rating_id, "reason": "x"}),
            act(
                "followup_step_taken",
                {**_ANNA, "subject": rating_id, "step": dice.choice(_STEPS)},
            ),
            act("quarantine_replayed", {**_ANNA, **items}),
            act("quarantine_purged", {**_ANNA, **items}),
            act("rules_applied", {"rules": rules}),
            act("rules_applied", {"rules": rules}),
        )
    )


def records(seed: int, size: int) -> list[Record]:
    """So many: mostly ratings, some of every other kind, a few acts."""
    dice = random.Random(seed)
    kinds = {
        _rating: 50,
        _service: 20,
        _complaint: 3,
        _presence: 5,
        _heartbeat: 7,
        _report: 5,
        _act: 10,
    }
    makers = dice.choices([*kinds], [*kinds.values()], k=size)
    return [make(dice) for make in makers]


def _own_rules(dice: random.Random) -> dict[str, Any]:
    rules = {
        "session_mode": dice.choice(("implicit", "required")),
        "rating_window_days": dice.randint(0, 7),
        "day_unit": dice.choice(("working", "natural")),
        "calendar": dice.choice(("DE", "weekdays")),
        "excluding_flags": dice.choice(([], ["too_fast"])),
        "score_map": {"5": 100, "4": 80, "3": 60, "2": 30, "1": 0},
        "time_zone": dice.choice(("Europe/Berlin", "America/New_York")),
        "calendar_days": {"2026-11-23": dice.choice(("work", "rest"))},
    }
    return {name: rules[name] for name in dice.sample(sorted(rules), 3)}


def _site_act(dice: random.Random) -> Record:
    """What rules a site, where it stands, or where a device does, changes."""
    site, parent = dice.choice((("hall", "city"), ("annex", "hall"), ("city", None)))
    row = {
        "id": site,
        "parent": dice.choice((parent, None)),
        "time_zone": dice.choice((None, None, "Europe/Berlin", "America/New_York")),
        "calendar": dice.choice((None, "DE", "NO")),
    }
    ruled = dice.sample(("city", "hall", "annex"), dice.randint(0, 2))
    sites = {one: _own_rules(dice) for one in ruled}
    days = {"calendar": "DE", "days": {"2026-11-24": dice.choice(("work", "rest"))}}
    device = {"device_id": _device(dice), "site": dice.choice(("hall", "annex"))}
    binding = {"device_id": _device(dice), "from": "2026-11-21", "employee": "0042"}
    return dice.choice(
        (
            act("registry_put", {**_ANNA, "table": "sites", "rows": [row]}),
            act("rules_applied", {"rules": {}, "sites": sites}),
            act("calendar_applied", {"name": "DE", "calendar": days}),
            act("device_put", {**_ANNA, "device": device}),
            act("registry_put", {**_ANNA, "table": "bindings", "rows": [binding]}),
        )
    )


def records_of_sites(seed: int, size: int) -> list[Record]:
    """As `records`, while sites, their rules and their devices change."""
    dice, found = random.Random(seed + 1), list[Record]()
    for record in records(seed, size):
        if dice.random() < _SITES_SHARE:
            found.append(_site_act(dice))
        found.append(record)
    return found


class Pause(NamedTuple):
    """So many hours with nothing but ticks."""

    hours: int


Timeline = list[Record | Pause]


def timeline(seed: int, size: int) -> Timeline:
    """Records of several days, a quiet time now and then: what is late is so by days.

    Among them runs of plain presses, which are counted by day on the quickest path.
    """
    dice, found, sent = random.Random(seed + 2), Timeline(), list[Record]()
    for record in records_of_sites(seed, size):
        chance = dice.random()
        if chance < _PAUSES_SHARE:
            found.append(Pause(dice.choice((1, 4, 8, 24))))
        elif chance < _PAUSES_SHARE + _PRESSES_SHARE:
            found += _presses(dice, sent)
        found.append(record)
    return [
        one if isinstance(one, Pause) else later(one, index)
        for index, one in enumerate(found)
    ]


def later(record: Record, by_ms: int) -> Record:
    """The same, received so much later."""
    return msgspec.structs.replace(record, received_ms=record.received_ms + by_ms)


def _presses(dice: random.Random, sent: list[Record]) -> Iterator[Record]:
    """Presses as most are, some of them sent twice; terminals wait for receipts.

    Half of them carry no number; some are amended, by a terminal or from elsewhere.
    """
    device = dice.choice(("eval-0002", "plain-0001"))
    if dice.random() < _HALF:
        yield message(device, _BIRTH, channel="presence")
    numbered = dice.random() < _HALF
    for number in range(len(sent), len(sent) + dice.randint(1, 4)):
        at_ms = dice.choice((START_MS, START_MS + 400 * number, None))
        body = _element_of(number, at_ms, dice.choice((4, 4, 4, 1)))
        if numbered:
            body["session_id"] = f"P{number}"
        sent.append(message(device, body))
        yield sent[-1]
    yield dice.choice(sent)
    if dice.random() < _HALF:
        yield _amendment(dice, len(sent))
    if dice.random() < _HALF:
        counts = {"key_counts": [len(sent), 3], "last_seq": len(sent)}
        yield message(device, {"v": 1, **counts}, channel="heartbeat")


def _element_of(number: int, at_ms: int | None, level: int) -> dict[str, Any]:
    event_id = f"plain-{number:04d}"
    return {"v": 1, "event_id": event_id, "level": level, "occurred_at": at_ms}


def _amendment(dice: random.Random, sent: int) -> Record:
    """Of a press sent, or of one to come; by its event's id, or by that of its rating.

    Sometimes with a number, sometimes by a person's void instead.
    """
    device = dice.choice(("eval-0002", "plain-0001"))
    meant = f"plain-{dice.randint(0, sent + 2):04d}"
    if dice.random() < _VOIDS_SHARE:
        rating_id = f"{device}:{meant}"
        return act("rating_voided", {**_ANNA, "rating_id": rating_id, "reason": "x"})
    at_ms = START_MS + dice.choice((0, 1_000, 60_000))
    body = _element_of(1000 + dice.randint(0, 99), at_ms, dice.randint(1, 5))
    body["amends"] = dice.choice((meant, f"{device}:{meant}"))
    if dice.random() < _VOIDS_SHARE:
        body["session_id"] = "A1"
    return message(device, body)


def timelines(size_max: int) -> st.SearchStrategy[Timeline]:
    return st.builds(timeline, st.integers(0, 2**32), st.integers(0, size_max))


def record_lists(size_max: int) -> st.SearchStrategy[list[Record]]:
    return st.builds(records_of_sites, st.integers(0, 2**32), st.integers(0, size_max))
