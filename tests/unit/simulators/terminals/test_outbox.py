"""A level A terminal keeps an event until the gateway's word about it."""

import random

from simulators.terminals.outbox import IN_FLIGHT_MAX, Outbox


def outbox(resend_s: float = 30.0) -> Outbox:
    return Outbox(random.Random(1), resend_s)


def test_an_event_is_sent_at_once_and_again_without_a_receipt() -> None:
    kept = outbox()
    kept.keep("a", b"A")
    assert kept.take_due(0.0) == [b"A"]
    assert kept.take_due(26.0) == []
    assert kept.take_due(33.1) == [b"A"]
    assert kept.take_due(33.1 + 53.0) == []  # the delay has doubled
    assert kept.take_due(33.1 + 66.1) == [b"A"]


def test_a_receipt_ends_it() -> None:
    kept = outbox()
    kept.keep("a", b"A")
    kept.keep("b", b"B")
    kept.settle(["a", "unknown"], ["b"])
    assert kept.take_due(1000.0) == []
    assert (len(kept), kept.receipted, kept.rejected) == (0, 1, 1)


def test_no_more_than_the_bound_are_under_way_and_the_oldest_go_first() -> None:
    kept = outbox()
    names = [f"e{number:02d}" for number in range(IN_FLIGHT_MAX + 5)]
    for name in names:
        kept.keep(name, name.encode())
    assert kept.take_due(0.0) == [name.encode() for name in names[:IN_FLIGHT_MAX]]
    assert kept.take_due(1.0) == []
    kept.settle(names[:2], [])
    assert kept.take_due(1.0) == [b"e32", b"e33"]


def test_the_delay_never_exceeds_ten_minutes() -> None:
    kept = outbox(400.0)
    kept.keep("a", b"A")
    now_s = 0.0
    for _ in range(5):
        assert kept.take_due(now_s) == [b"A"]
        now_s += 661.0
