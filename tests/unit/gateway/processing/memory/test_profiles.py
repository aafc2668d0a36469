"""Terminals of other makes: from their bytes to ratings, by records alone."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from device_protocol.profiles import KeyMap, Limits, Profile, Scale
from gateway.ports import Record
from gateway.settings.profiles import load_profiles
from tests.support.folding import START_MS, FoldedLedger, element, message, snapshot

SHIPPED = load_profiles(Path(__file__).parents[5] / "config" / "profiles")
MAKES = {"hanzi": "chinese-gb18030", "keys": "keys-best-first", "faces": "short-keys"}


@pytest.fixture
def ledger() -> Iterator[FoldedLedger]:
    folded = FoldedLedger()
    folded.rules()
    yield folded
    assert folded.accounted()
    assert snapshot(folded.refolded().store) == snapshot(folded.store)
    folded.close()


def put_in_force(ledger: FoldedLedger, profiles: Mapping[str, Profile]) -> None:
    ledger.act("profiles_applied", {"profiles": msgspec.to_builtins(profiles)})


def equip(ledger: FoldedLedger, **profiles: str) -> None:
    rows = [
        {"device_id": device, "profile": name, "site": "hall", "window": "w1"}
        for device, name in profiles.items()
    ]
    ledger.act("tables_applied", {"table": "devices", "rows": rows, "digest": "d"})


def hanzi(number: int, label: str, **fields: object) -> bytes:
    body = {"流水号": f"20261121-{number:04}", "评价": label, **fields}
    return json.dumps(body, ensure_ascii=False).encode("gb18030")


def key(event_id: str, number: int, at: str = "2026-11-21 19:59:00") -> bytes:
    return json.dumps(
        {"v": 1, "event_id": event_id, "key": number, "occurred_at": at}
    ).encode()


def keyed(**levels: int) -> Profile:
    plain = {name.removeprefix("k"): level for name, level in levels.items()}
    return Profile(key_maps=(KeyMap(revision=1, levels=plain),))


def test_three_makes_fold_into_ratings(ledger: FoldedLedger) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, **MAKES)
    faces = b'[{"b":"7f3a","n":41,"t":1795262300,"g":2},{"b":"7f3a","n":42,"g":1}]'

    ledger.take(
        message("hanzi", hanzi(1, "不满意", 时间="2026年11月21日 19时59分00秒")),
        message("keys", key("event-0001", 3)),
        message("faces", faces),
    )

    told = [
        (event.device_id, event.event_id, event.level, event.level_raw, event.score)
        for event in ledger.ratings_told()
    ]
    assert told == [
        ("hanzi", "20261121-0001", 2, "不满意", 5.0),
        ("keys", "event-0001", 3, None, 3.0),
        ("faces", "s:7f3a:41", 5, 2, 100.0),
        ("faces", "s:7f3a:42", 3, 1, 75.0),
    ]
    times = {event.occurred_ms for event in ledger.ratings_told()[:2]}
    assert times == {START_MS - 60_000}
    scales = [event.tags.split("scale=")[1][0] for event in ledger.ratings_told()]
    assert scales == ["4", "5", "3", "3"]


def test_a_derived_id_is_flagged_and_a_resend_is_a_duplicate(
    ledger: FoldedLedger,
) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, **MAKES)
    press = b'{"b":"7f3a","n":41,"t":1795262300,"g":2,"d":{"s":"A0042"}}'

    ledger.take(message("faces", press))
    ledger.take(message("faces", press))

    assert ledger.fates() == {"accepted": 1, "duplicate": 1}
    (event,) = ledger.ratings_told()
    assert event.flags == ("derived_id",)


def test_a_resend_after_the_profile_was_corrected_is_a_duplicate(
    ledger: FoldedLedger,
) -> None:
    before = Profile(scale=Scale(labels={"good": 4, "bad": 1}))
    put_in_force(ledger, {"maker": before})
    equip(ledger, dev="maker")
    ledger.publish("dev", element("event-0001", "good"))

    put_in_force(ledger, {"maker": Profile(scale=Scale(labels={"good": 5, "bad": 1}))})
    ledger.publish("dev", element("event-0001", "good"), element("event-0002", "good"))

    assert ledger.fates() == {"accepted": 2, "duplicate": 1}
    assert [event.level for event in ledger.ratings_told()] == [4, 5]


def test_an_unmapped_key_waits_in_quarantine_until_the_map_is_mended(
    ledger: FoldedLedger,
) -> None:
    put_in_force(ledger, {"maker": keyed(k1=5)})
    equip(ledger, dev="maker")
    ledger.publish("dev", element("event-0001", ..., key=2))
    assert ledger.fates() == {"quarantined:unknown_level": 1}
    assert ledger.one("SELECT detail FROM quarantine") == (
        "key 2: no level in the profile 'maker' at that time"
    )

    put_in_force(ledger, {"maker": keyed(k1=5, k2=4)})
    ledger.act("quarantine_replayed", {"author": "op", "reason": "unknown_level"})

    assert ledger.fates() == {"accepted": 1}
    assert [(e.level, e.level_raw) for e in ledger.ratings_told()] == [(4, None)]


def test_a_key_counts_as_it_did_at_the_press(ledger: FoldedLedger) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, keys="keys-best-first")
    ledger.rules(event_age_days_max=3650)

    ledger.take(
        message("keys", key("event-0001", 3, "2025-12-31 23:59:59")),
        message("keys", key("event-0002", 3, "2026-01-01 00:00:00")),
    )

    assert [event.level for event in ledger.ratings_told()] == [2, 3]


def test_elements_of_an_array_lie_in_quarantine_in_their_own_charset(
    ledger: FoldedLedger,
) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, hanzi="chinese-gb18030")
    good, stranger = hanzi(1, "满意"), hanzi(2, "一般")

    ledger.take(message("hanzi", b"[" + good + b"," + stranger + b"]"))

    assert ledger.fates() == {"accepted": 1, "quarantined:unknown_level": 1}
    assert ledger.one("SELECT payload FROM quarantine") == stranger
    shipped = SHIPPED["chinese-gb18030"]
    assert shipped.scale is not None
    scale = Scale(labels={**shipped.scale.labels, "一般": 3})
    corrected = msgspec.structs.replace(shipped, scale=scale)
    put_in_force(ledger, {"chinese-gb18030": corrected})
    ledger.act("quarantine_replayed", {"author": "op", "reason": "unknown_level"})
    assert ledger.fates() == {"accepted": 2}


def test_what_a_device_sent_before_its_approval_is_read_by_its_profile(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(unknown_devices="hold")
    put_in_force(ledger, SHIPPED)
    row = {"device_id": "hanzi", "profile": "chinese-gb18030", "lifecycle": "pending"}
    ledger.act("tables_applied", {"table": "devices", "rows": [row], "digest": "d"})
    ledger.take(
        message("hanzi", b"[" + hanzi(1, "满意") + b"," + hanzi(2, "满意") + b"]")
    )
    assert ledger.fates() == {"quarantined:unknown_device": 2}

    ledger.act("device_approved", {"author": "op", "device_id": "hanzi"})

    assert ledger.fates() == {"accepted": 2}


def test_another_profile_of_a_device_holds_from_its_record_on(
    ledger: FoldedLedger,
) -> None:
    put_in_force(ledger, {"a": keyed(k1=5), "b": keyed(k1=1)})
    for number, name in enumerate(("a", "b", "gone", "a")):
        equip(ledger, dev=name)
        ledger.publish("dev", element(f"event-000{number}", ..., key=1))

    assert [event.level for event in ledger.ratings_told()] == [5, 1, 5]
    assert ledger.fates() == {"accepted": 3, "quarantined:unknown_level": 1}


def test_profiles_outlive_a_restart(ledger: FoldedLedger) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, **MAKES)
    ledger.restart()

    ledger.take(message("hanzi", hanzi(1, "满意")))

    assert ledger.fates() == {"accepted": 1}


def test_the_bucket_is_that_of_the_profile(ledger: FoldedLedger) -> None:
    limits = Limits(burst_elements=2, refill_per_s=1.0, deferred_max=1)
    put_in_force(ledger, {"small": Profile(limits=limits)})
    equip(ledger, dev="small")

    ledger.publish("dev", *(element(f"event-000{n}") for n in range(4)))

    assert ledger.fates() == {
        "accepted": 2,
        "deferred:rate": 1,
        "quarantined:rate_limited": 1,
    }


@pytest.mark.parametrize("profiles", [5, {"a": {"charset": 5}}, {"a": {"scale": "x"}}])
def test_a_record_that_holds_no_profiles_changes_nothing(
    ledger: FoldedLedger, profiles: object
) -> None:
    put_in_force(ledger, {"maker": keyed(k1=5)})
    equip(ledger, dev="maker")

    outcome = ledger.settle("profiles_applied", {"profiles": profiles})

    assert outcome["error"] == "invalid"
    ledger.publish("dev", element("event-0001", ..., key=1))
    assert ledger.fates() == {"accepted": 1}


def test_devices_over_http_speak_the_protocol(ledger: FoldedLedger) -> None:
    put_in_force(ledger, SHIPPED)
    equip(ledger, **{"http-local": "short-keys"})
    payload = msgspec.json.encode(element("event-0001"))

    ledger.take(Record(2, "http-local/rating", payload, START_MS))

    assert ledger.fates() == {"accepted": 1}
