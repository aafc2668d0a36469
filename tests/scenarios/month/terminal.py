"""A terminal that costs little: its payloads are templates."""

import random
from typing import Final, Literal

from gateway.ports import Record, RecordFlag, RecordKind
from tests.scenarios.month.ailing import Beat, Tested
from tests.scenarios.month.reckoning import Gone
from tests.support.folding import message

KEYS: Final = 5
HOURS_OPEN: Final = range(9, 17)
_BUSY: Final = {9: 1.0, 10: 1.0, 11: 0.9, 12: 0.3, 13: 0.6, 14: 1.0, 15: 1.0, 16: 0.6}
_PRESSED: Final = (0.84, 0.95, 0.98, 0.99)
"""Up to which throw of the dice which key is pressed."""
_DAY_MS: Final = 86_400_000
_BEAT: Final = (
    b'{"v":1,"occurred_at":%d,"uptime_s":%d,"key_counts":[%d,%d,%d,%d,%d],'
    b'"rssi_dbm":%d,"battery_pct":%d%s'
)
_TWIN: Final = b'{"v":1,"occurred_at":%d,"boot_id":"twin","uptime_s":%d}'
_TWIN_UPTIME_S: Final = 7_200
_PRESS: Final = b'{"v":1,"event_id":"p-%d","occurred_at":%d,"seq":%d,"level":%d}'

Signal = Literal["will", "goodbye"]


class Terminal:
    """One terminal: what is wrong with it is set from outside, by name."""

    def __init__(self, number: int, site: str, dice: random.Random) -> None:
        self.id = f"eval-{number:05d}"
        self.site = site
        self.on = False
        self.minute = number % 10  # of each ten: when it beats
        self.ms = number * 37 % 60_000
        self.on_mains = dice.random() < 0.7
        self.pace = dice.uniform(0.3, 0.9)
        self.counts = [0] * KEYS
        self.clock_off_ms = 0
        self.drift_ms_a_day = 0
        self.drain_a_day = 0.0
        self.troubled_ms = 0  # since when it drifts or drains
        self.rssi_dbm = -55
        self.faults = ""
        self.storage_free_pct = 60
        self.temperature_c = 24
        self.buffer_depth = 0
        self.dead_key: int | None = None
        self.mute = self.lossy = self.twin = False
        self.begun_ms = self.heard_ms = 0
        self.presses = self.told = 0  # so many there were, and it told of
        self.rated: dict[str, int] = {}  # ratings sent, by month
        self.gone: list[Gone] = []
        self.diary: list[Beat | Tested] | None = None
        self._away: tuple[int, bool] | None = None
        self._boots = self._seq = self._booted_ms = 0
        self._tail = b""
        self._heartbeats = f"evaluators/v1/{self.id}/heartbeat"
        self._ratings = f"evaluators/v1/{self.id}/rating"

    def set(self, name: str, value: object, at_ms: int) -> None:
        """Something about it is otherwise from now on; a stuck key counts on."""
        if name == "stuck":
            self.counts[2] += int(str(value))
            self.presses += int(str(value))
        else:
            setattr(self, name, value)
        self.troubled_ms = at_ms
        self._retell()

    def boot(self, at_ms: int) -> list[Record]:
        """Its power comes: a birth, and the first heartbeat."""
        self.on = True
        self.begun_ms = self.begun_ms or at_ms
        self._back(at_ms)
        self._boots += 1
        self._booted_ms = at_ms - 5_000
        self._retell()
        birth = {"conn_id": f"c{self._boots}", "boot_id": f"b{self._boots}"}
        facts = {"model": "E5", "capabilities": {"keys": KEYS}}
        return [
            self._tell("presence", at_ms, state="online", **birth, **facts),
            self.beat(at_ms),
        ]

    def cut(self, at_ms: int, signal: Signal | None = None) -> list[Record]:
        """Its power goes: its last will may tell, or nothing does."""
        self.on = False
        self._away = self._away or (at_ms, signal is not None)
        if signal is None:
            return []
        conn_id = f"c{self._boots}"
        told = {"state": "offline", "conn_id": conn_id, "reason": signal}
        return [self._tell("presence", at_ms, **told)]

    def _back(self, at_ms: int) -> None:
        if self._away is not None:
            self.gone.append(Gone(self.heard_ms, *self._away, at_ms))
            self._away = None

    def ended(self, at_ms: int) -> None:
        """The script is over; who is away by then is not back."""
        self._back(at_ms)

    def beat(self, at_ms: int) -> Record:
        self.heard_ms, self.told = at_ms, self.presses
        uptime_s = (at_ms - self._booted_ms) // 1000
        if self.diary is not None:
            counts = tuple(self.counts)
            self.diary.append(Beat(at_ms, uptime_s, counts, self.faults))
        days = (at_ms - self.troubled_ms) / _DAY_MS
        off_ms = self.clock_off_ms + int(self.drift_ms_a_day * days)
        level = 90 - int(self.drain_a_day * days) if self.drain_a_day else 90
        payload = _BEAT % (
            at_ms - 300 + off_ms,
            uptime_s,
            *self.counts,
            self.rssi_dbm - (at_ms // 60_000 + self.ms) % 9,
            max(level, 0),
            self._tail,
        )
        return self._record(self._heartbeats, payload, at_ms)

    def beat_of_twin(self, at_ms: int) -> Record:
        """Another terminal that was given the same id."""
        if self.diary is not None:
            self.diary.append(Beat(at_ms, _TWIN_UPTIME_S, None, ""))
        payload = _TWIN % (at_ms, _TWIN_UPTIME_S)
        return self._record(self._heartbeats, payload, at_ms)

    def press(self, hour: int, at_ms: int, dice: random.Random) -> Record | None:
        """Perhaps somebody presses a key."""
        if self.mute or dice.random() > self.pace * _BUSY[hour]:
            return None
        thrown, key = dice.random(), 0
        while key < len(_PRESSED) and thrown > _PRESSED[key]:
            key += 1
        if key == self.dead_key:
            return None
        self.counts[key] += 1
        self.presses += 1
        self._seq += 1
        if self.lossy:
            return None
        self.heard_ms = at_ms
        claim_ms = at_ms - 200 + self.clock_off_ms
        payload = _PRESS % (at_ms, claim_ms, self._seq, 5 - key)
        return self._record(self._ratings, payload, at_ms)

    def selftest(self, at_ms: int) -> Record:
        keys = [key for key in range(KEYS) if key != self.dead_key]
        if self.diary is not None:
            self.diary.append(Tested(at_ms, tuple(keys)))
        test = {"trigger": "inspection", "items": [], "keys_pressed": keys}
        return self._tell("selftest", at_ms, event_id=f"t-{at_ms}-self", **test)

    def _retell(self) -> None:
        power = "mains" if self.on_mains else "battery"
        self._tail = (
            f',"boot_id":"b{self._boots}","power":"{power}"'
            f',"storage_free_pct":{self.storage_free_pct}'
            f',"temperature_c":{self.temperature_c},"buffer_depth":{self.buffer_depth}'
            f',"firmware":"2.4.1","faults":[{self.faults}]}}'
        ).encode()

    def _tell(self, channel: str, at_ms: int, **fields: object) -> Record:
        return message(self.id, {"v": 1, **fields}, at_ms, channel)

    @staticmethod
    def _record(topic: str, payload: bytes, at_ms: int) -> Record:
        return Record(RecordKind.MESSAGE, topic, payload, at_ms)


def waited(record: Record, received_ms: int) -> Record:
    """As the broker hands it on after we were away."""
    flags = record.flags | RecordFlag.BACKLOG
    return Record(record.kind, record.topic, record.payload, received_ms, flags)
