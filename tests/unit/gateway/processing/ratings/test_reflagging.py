"""Flags that a press gives to presses before it: each change is told once."""

from collections import Counter

from tests.support.folding import START_MS, FoldedLedger, element


def press(
    ledger: FoldedLedger, number: int, after_ms: int, level: int, **fields: object
) -> None:
    at_ms = START_MS + after_ms
    body = element(f"event-{number:04d}", level, occurred_at=at_ms, **fields)
    ledger.publish("eval-0001", body)


def test_a_rating_that_rules_and_a_neighbour_change_at_once_is_told_of_once(
    ledger: FoldedLedger,
) -> None:
    press(ledger, 1, 0, 5)
    press(ledger, 2, 60_000, 3, amends="event-0001")
    ledger.rules(amendments_max=0)  # seen when its session is looked at next
    block = ledger.state.block
    press(ledger, 3, 50, 4)  # another key at once: flags the first press
    told = [
        (event.event_id, event.type.removeprefix("rating."), event.version, event.flags)
        for event in ledger.ratings_told(block)
    ]
    assert told == [
        ("event-0003", "recorded", 1, ("double_press", "multi_key")),
        ("event-0001", "amended", 3, ("multi_key",)),
        ("event-0002", "superseded", 2, ("repeat",)),
    ]


def test_a_flag_that_stays_because_of_an_amendment_is_not_told_of_again(
    ledger: FoldedLedger,
) -> None:
    press(ledger, 1, 0, 5)
    press(ledger, 2, 60, 3, amends="event-0001")  # another key at once
    flags = "SELECT flags FROM rating WHERE event_id = 'event-0001'"
    assert ledger.one(flags) == '["multi_key"]'
    press(ledger, 3, 3_000, 5)  # meets the first press; not at once
    versions = Counter(
        (event.event_id, event.version) for event in ledger.ratings_told()
    )
    assert versions["event-0001", 3] == 0
    assert ledger.one(flags) == '["multi_key"]'
