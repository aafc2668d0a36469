from gateway.ingress.backlog import Backlog


def probing(backlog: Backlog, now_ms: int = 0) -> Backlog:
    backlog.subscribed()
    backlog.probed(1, now_ms)
    return backlog


def test_nothing_is_asked_before_the_subscriptions_stand() -> None:
    backlog = Backlog()
    assert backlog.probe_due_ms() is None
    backlog.subscribed()
    assert backlog.probe_due_ms() == 0


def test_one_question_at_a_time_and_not_too_often() -> None:
    backlog = probing(Backlog(), now_ms=100)
    assert backlog.probe_due_ms() is None
    backlog.received(5)
    backlog.passed(1, unacknowledged=5)
    assert backlog.probe_due_ms() == 150


def test_an_empty_queue_ends_at_the_first_answer() -> None:
    assert probing(Backlog()).passed(1, unacknowledged=0)


def test_the_first_window_proves_nothing() -> None:
    backlog = probing(Backlog())
    backlog.received(2000)
    assert not backlog.passed(1, unacknowledged=2000)


def test_a_queue_refills_every_slot_and_goes_on() -> None:
    backlog = probing(Backlog())
    backlog.received(2000)
    backlog.passed(1, unacknowledged=2000)
    backlog.acknowledged(500)
    backlog.probed(2, 50)
    backlog.received(500)
    assert not backlog.passed(2, unacknowledged=2000)


def test_a_broker_that_sends_too_much_still_has_a_queue() -> None:
    backlog = probing(Backlog())
    backlog.received(2000)
    backlog.passed(1, unacknowledged=2000)
    backlog.acknowledged(10)
    backlog.probed(2, 50)
    backlog.received(16_000)
    assert not backlog.passed(2, unacknowledged=17_990)


def test_slots_left_free_end_it_even_while_messages_come() -> None:
    backlog = probing(Backlog())
    backlog.received(2000)
    backlog.passed(1, unacknowledged=2000)
    backlog.acknowledged(500)
    backlog.probed(2, 50)
    backlog.received(499)
    assert backlog.passed(2, unacknowledged=1999)


def test_acknowledgements_after_the_question_count_for_the_next() -> None:
    backlog = probing(Backlog())
    backlog.received(100)
    backlog.acknowledged(100)
    assert not backlog.passed(1, unacknowledged=0)
    backlog.probed(2, 50)
    assert backlog.passed(2, unacknowledged=0)


def test_a_slow_journal_proves_nothing() -> None:
    backlog = probing(Backlog())
    backlog.received(2000)
    backlog.passed(1, unacknowledged=2000)
    backlog.probed(2, 50)
    assert not backlog.passed(2, unacknowledged=2000)


def test_the_answer_to_another_ping_is_not_ours() -> None:
    assert not probing(Backlog()).passed(9, unacknowledged=0)
