"""What happened in a hall before anybody takes a picture of it.

Terminals came online and beat, one key is dead, customers were served and rated, one
complained, one rating is disputed, and some presses are not what they seem.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.ports import Record
from tests.integration.console.hall import DEVICES, PLAN, device
from tests.support.folding import FoldedLedger, element, message

GONE: Final = 4
"""Its last will is all that came of it."""

WORN: Final = 9
"""Its battery is low and its display fails."""

DEAF: Final = 2
"""One of its keys has never moved, and it says so."""

_FAULTS: Final = {WORN: "display", DEAF: "dead_key"}
_KEYS: Final = 5
_MINUTE_MS: Final = 60_000
_BEATS: Final = 110
_SERVED: Final = 6
_COMMENTS: Final = {1: "等候时间太长", 2: "窗口没有人", 5: "办得很快"}
_LEVELS: Final = (5, 5, 4, 5, 1, 3)
_ASKED: Final[tuple[tuple[str, dict[str, object], str | None], ...]] = (
    ("identify", {"seconds": 10}, "done"),
    ("reboot", {}, "rejected"),
    ("selftest", {}, None),
)


class Morning:
    """Two hours before `now_ms`, told to `world` as it went.

    So long that nothing is left of the night, whose presses came without any beat.
    """

    def __init__(self, world: FoldedLedger, now_ms: int) -> None:
        self._world = world
        self._now_ms = now_ms

    def tell(self) -> None:
        start_ms = self._now_ms - _BEATS * _MINUTE_MS
        reach(self._world, start_ms)
        self._take(birth(n, start_ms) for n in range(1, DEVICES + 1))
        for beat in range(_BEATS):
            reach(self._world, start_ms + beat * _MINUTE_MS)
            self._take(heartbeats(start_ms + beat * _MINUTE_MS))
        reach(self._world, self._now_ms)
        self._take([gone(GONE, self._now_ms - 9 * _MINUTE_MS)])
        self._take(self._served())
        self._take(self._odd())
        self._object()
        self._keep()
        self._order()

    def _take(self, records: Iterable[Record]) -> None:
        self._world.take(*records)

    def _served(self) -> list[Record]:
        """Customers with a number: called, served, and all but the last one rate."""
        told: list[Record] = []
        for turn in range(_SERVED):
            number = turn * 2 + 1
            at_ms = self._now_ms - (50 - turn * 7) * _MINUTE_MS
            for step, action in enumerate(("opened", "ended")):
                told.append(_step(turn, number, action, at_ms + step * 4 * _MINUTE_MS))
            level = _LEVELS[turn]
            body = element(
                f"served-{turn:03}",
                level,
                session_id=_session(turn),
                employee_id=f"{100 + number}",
                **({"comment": _COMMENTS[level]} if level in _COMMENTS else {}),
            )
            if turn < _SERVED - 1:
                told.append(message(device(number), body, at_ms + 5 * _MINUTE_MS))
        left = _step(_SERVED, 6, "cancelled", self._now_ms - 3 * _MINUTE_MS)
        return [*told, left]

    def _odd(self) -> list[Record]:
        """A press that is too fast, two within a second, one of nobody, no JSON."""
        at_ms = self._now_ms - 2 * _MINUTE_MS
        complaint = {
            "v": 1,
            "event_id": "complaint-001",
            "session_id": _session(4),
            "category": "service",
            "comment": "材料退回三次",
        }
        return [
            message(device(3), element("fast-0001", 5, prompt_delay_ms=120), at_ms),
            message(device(5), element("twice-001", 1), at_ms),
            message(device(5), element("twice-002", 1), at_ms + 900),
            message(device(6), element("level-009", 9), at_ms),
            message(device(7), b"{level: 5}", at_ms),
            message("eval-0099", element("stranger1", 4), at_ms),
            message(device(9), complaint, at_ms, "complaint"),
        ]

    def _object(self) -> None:
        self._world.act(
            "rating_disputed",
            {
                "author": "wang",
                "rating_id": f"{device(9)}:served-004",
                "reason": "客户按错了键",
            },
        )

    def _keep(self) -> None:
        """Routine work: a plan in force, and two terminals looked after."""
        self._world.act("inspection_plan_put", {"author": "li", "plans": [PLAN]})
        for number, mark in ((1, "pass"), (7, "fail")):
            record = {
                "author": "wang",
                "operator": "wang",
                "device_id": device(number),
                "plan_id": PLAN["plan_id"],
                "checklist": {"clean": "pass", "battery": mark},
                "parts": {"battery": 1} if mark == "fail" else {},
                "result": "ok" if mark == "pass" else "degraded",
                "notes": "已清洁,已换电池" if mark == "fail" else "已清洁",
            }
            self._world.act("inspection_recorded", record)

    def _order(self) -> None:
        """What the terminal with the low battery was asked for, and how it went."""
        for name, given, status in _ASKED:
            asked = {"author": "wang", "device_id": device(WORN), "command": name}
            told = self._world.settle("command_asked", {**asked, "parameters": given})
            news = {"device_id": device(WORN), "command_id": told["command_id"]}
            self._world.act("commands_sent", {"commands": [news]})
            if status is not None:
                self._reply(told["command_id"], status)
        desired = {"volume": 40, "prompt": "请评价"}
        put = {"author": "wang", "device_id": device(WORN), "desired": desired}
        self._world.act("device_settings_put", put)

    def _reply(self, command_id: str, status: str) -> None:
        body = {
            "v": 1,
            "event_id": f"reply-{command_id}",
            "command_id": command_id,
            "status": status,
        }
        self._world.publish_to(device(WORN), "reply", body)


def reach(world: FoldedLedger, at_ms: int) -> None:
    """Let time pass: the clock never jumps."""
    world.clock.advance(at_ms - world.clock.wall_ms())


def terminals() -> list[int]:
    """Those that are there."""
    return [n for n in range(1, DEVICES + 1) if n != GONE]


def heartbeats(at_ms: int) -> list[Record]:
    """Of all that are there."""
    return [heartbeat(n, at_ms, _FAULTS) for n in terminals()]


def heartbeat(number: int, at_ms: int, faults: Mapping[int, str]) -> Record:
    """Of one terminal; `faults` by their terminals."""
    body = _beat(number)
    body["faults"] = [faults[number]] if number in faults else []
    return message(device(number), body, at_ms, "heartbeat")


def gone(number: int, at_ms: int) -> Record:
    """Its last will."""
    lost = {"v": 1, "state": "offline", "conn_id": _line(number), "reason": "lost"}
    return message(device(number), lost, at_ms, "presence")


def birth(number: int, at_ms: int) -> Record:
    body = {
        "v": 1,
        "state": "online",
        "conn_id": _line(number),
        "boot_id": f"b-{number}",
        "model": "E5" if number % 3 else "E7",
        "hw_serial": f"SN-{2400 + number}",
        "firmware": "2.4.1" if number != DEAF else "2.3.9",
        "capabilities": {"keys": _KEYS, "scale": "default", "receipts": True},
    }
    return message(device(number), body, at_ms, "presence")


def _line(number: int) -> str:
    return f"c-{number}"


def _session(turn: int) -> str:
    return f"A{turn + 41:03}"


def _step(turn: int, number: int, action: str, at_ms: int) -> Record:
    body = {
        "v": 1,
        "event_id": f"{action}-{turn:03}",
        "session_id": _session(turn),
        "action": action,
        "employee_id": f"{100 + number}",
        "service_code": "440100-01",
    }
    if action == "cancelled":
        body["reason"] = "left"
    return message(device(number), body, at_ms, "session")


def _beat(number: int) -> dict[str, object]:
    worn = number == WORN
    return {
        "v": 1,
        "conn_id": _line(number),
        "boot_id": f"b-{number}",
        "battery_pct": 11 if worn else 60 + number * 3,
        "power": "battery",
        "rssi_dbm": -52 - number * 2,
        "storage_free_pct": 74,
        "key_counts": _counts(number),
    }


def _counts(number: int) -> list[int]:
    """Presses of each key; what moves would have to fit the ratings that came."""
    counts = [number * 13 + key * key * 90 + 21 for key in range(_KEYS)]
    if number == DEAF:
        counts[1] = 0
    return counts
