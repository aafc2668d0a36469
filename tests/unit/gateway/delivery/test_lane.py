"""One lane, stepped: what it sends when, and what each answer leads to."""

from collections.abc import Sequence

import pytest

from gateway.delivery.lane import Lane, LaneLimits, Request, Settlement
from gateway.delivery.pace import PaceLimits, SinkState
from gateway.events import partition_of
from gateway.ports import Answer, Verdict
from tests.support.events import rating_event

PACE = PaceLimits(retry_ms_base=100, retry_ms_max=10_000, open_ms_min=500)


class Stepped:
    """A lane with a clock and loaded dice; units are ordinals."""

    def __init__(self, dice: float = 0.5, **limits: int) -> None:
        values = {"units_max": 10, "delay_ms": 50, "enough": 10, **limits}
        self.lane = Lane(
            LaneLimits(**values, pace=PACE),
            (1, 0),
            partition_of,
            lambda: dice,
        )
        self.now_ms = 1_000

    def offer(self, block: int, numbers: Sequence[int], session: str = "") -> None:
        units = [
            rating_event(number, session_key=session or f"s{number}")
            for number in numbers
        ]
        self.lane.offer(block, units, range(len(units)), self.now_ms)

    def sends(self) -> Request:
        found = self.lane.next(self.now_ms)
        assert isinstance(found, Request)
        return found

    def waits(self) -> int | None:
        """For how long; None without end."""
        found = self.lane.next(self.now_ms)
        assert not isinstance(found, Request)
        return None if found is None else found - self.now_ms

    def answer(
        self,
        request: Request,
        verdict: Verdict,
        status: int = 0,
        *,
        count: int = 1000,
        after_ms: int = 0,
    ) -> None:
        made = Answer(verdict, count, status, "why", after_ms)
        self.lane.answered(request, made, self.now_ms)

    def settled(self) -> Settlement:
        found = self.lane.settle()
        assert found is not None
        self.lane.saved()
        return found


def ordinals(request: Request) -> list[int]:
    return [unit.ordinal for unit in request.units]  # type: ignore[union-attr] # ratings


def test_an_idle_lane_sends_at_once() -> None:
    lane = Stepped()
    assert lane.waits() is None
    lane.offer(1, [1, 2])
    assert ordinals(lane.sends()) == [1, 2]


def test_a_batch_holds_no_more_than_its_count_and_may_span_blocks() -> None:
    lane = Stepped(in_flight_max=1)
    lane.offer(1, range(6))
    lane.offer(2, range(6, 14))
    first = lane.sends()
    assert ordinals(first) == list(range(10))
    lane.answer(first, Verdict.DELIVERED)
    assert lane.settled().cursor == (2, 4)
    assert ordinals(lane.sends()) == [10, 11, 12, 13]


def test_while_a_request_is_in_flight_the_next_one_waits_for_its_delay() -> None:
    lane = Stepped()
    lane.offer(1, [1])
    lane.sends()
    lane.offer(2, range(2, 20))
    assert lane.waits() == 50
    lane.now_ms += 50
    assert ordinals(lane.sends()) == list(range(2, 12))
    assert lane.waits() is None


def test_the_answer_ends_the_wait() -> None:
    lane = Stepped()
    lane.offer(1, [1])
    request = lane.sends()
    lane.offer(2, [2])
    lane.answer(request, Verdict.DELIVERED)
    lane.settled()
    assert ordinals(lane.sends()) == [2]


def test_a_lane_may_linger_for_company_until_there_is_enough() -> None:
    lane = Stepped(linger_ms=200, enough=3)
    lane.offer(1, [1, 2])
    assert lane.waits() == 200
    lane.offer(2, [3])
    assert ordinals(lane.sends()) == [1, 2, 3]


def test_units_of_one_partition_do_not_overtake_each_other() -> None:
    lane = Stepped()
    lane.offer(1, [1], session="same")
    first = lane.sends()
    lane.offer(2, [2])
    lane.offer(3, [3], session="same")
    lane.offer(4, [4])
    lane.now_ms += 50
    assert ordinals(lane.sends()) == [2]
    lane.answer(first, Verdict.DELIVERED)
    lane.settled()
    assert ordinals(lane.sends()) == [3, 4]


def test_the_cursor_waits_for_the_oldest_request() -> None:
    lane = Stepped()
    lane.offer(1, [1])
    first = lane.sends()
    lane.offer(2, [2])
    lane.now_ms += 50
    second = lane.sends()
    lane.answer(second, Verdict.DELIVERED)
    assert lane.lane.settle() is None
    lane.answer(first, Verdict.DELIVERED)
    done = lane.settled()
    assert (done.cursor, done.delivered) == ((3, 0), 2)


def test_a_row_without_units_moves_the_cursor_alone() -> None:
    lane = Stepped()
    lane.lane.offer(1, [rating_event(1)], [], lane.now_ms)
    done = lane.settled()
    assert (done.cursor, done.bare) == ((2, 0), True)


def test_a_restart_goes_on_within_a_block() -> None:
    lane = Lane(LaneLimits(), (3, 2), partition_of, lambda: 0.5)
    lane.offer(3, [rating_event(n) for n in range(5)], [0, 1, 2, 4], 0)
    request = lane.next(0)
    assert isinstance(request, Request)
    assert ordinals(request) == [2, 4]


def test_failures_back_off_with_full_jitter_up_to_a_cap() -> None:
    lane = Stepped(dice=0.5)
    lane.offer(1, [1])
    waits = []
    for _ in range(12):
        request = lane.sends()
        lane.answer(request, Verdict.RETRY, 503)
        waits.append(lane.waits() or 0)
        lane.now_ms += waits[-1]
    assert waits[:7] == [50, 100, 200, 400, 800, 1600, 3200]
    assert waits[-1] == 5_000


def test_retry_after_is_honoured_and_bounded() -> None:
    lane = Stepped()
    lane.offer(1, [1])
    lane.answer(lane.sends(), Verdict.RETRY, 429, after_ms=7_000)
    assert lane.waits() == 7_000
    lane.now_ms += 7_000
    lane.answer(lane.sends(), Verdict.RETRY, 429, after_ms=10**12)
    assert lane.waits() == 3_600_000


def test_the_breaker_opens_and_lets_one_probe_through_at_a_time() -> None:
    lane = Stepped(dice=0.5)
    lane.offer(1, range(30))
    states = []
    lane.answer(lane.sends(), Verdict.RETRY, 503)
    lane.now_ms += lane.waits() or 0
    for _ in range(5):
        request = lane.sends()
        lane.now_ms += 50
        assert lane.waits() is None
        lane.answer(request, Verdict.RETRY, 503)
        states.append(lane.lane.state)
        lane.now_ms += lane.waits() or 0
    assert states == [SinkState.RETRYING] * 3 + [SinkState.OPEN] * 2
    probe = lane.sends()
    assert ordinals(probe) == list(range(10))
    lane.answer(probe, Verdict.DELIVERED)
    assert (lane.lane.state, lane.lane.error) == (SinkState.OK, None)


def test_an_open_breaker_pauses_whatever_the_dice_say() -> None:
    lane = Stepped(dice=0.0)
    lane.offer(1, [1])
    for _ in range(5):
        lane.answer(lane.sends(), Verdict.RETRY, 503)
    assert lane.waits() == 500


def test_the_same_units_are_sent_again_after_a_failure() -> None:
    lane = Stepped()
    lane.offer(1, range(7))
    first = lane.sends()
    lane.answer(first, Verdict.RETRY, 503)
    lane.offer(2, range(7, 10))
    lane.now_ms += 10_000
    assert lane.sends().units == first.units


def test_an_operators_fault_is_tried_slowly_and_says_so() -> None:
    lane = Stepped(dice=0.5)
    lane.offer(1, [1])
    lane.answer(lane.sends(), Verdict.OPERATOR, 401)
    assert (lane.lane.state, lane.lane.error) == (SinkState.HELD, "401 why")
    assert lane.waits() == 45_000
    lane.lane.enable()
    lane.answer(lane.sends(), Verdict.DELIVERED)
    assert lane.settled().delivered == 1


def test_a_disabled_lane_waits_for_an_operator_and_owes_all() -> None:
    lane = Stepped()
    lane.offer(1, [1, 2])
    lane.answer(lane.sends(), Verdict.DISABLED, 410)
    lane.now_ms += 10**9
    assert lane.waits() is None
    assert lane.lane.state is SinkState.DISABLED
    assert lane.lane.settle() is None
    lane.lane.enable()
    assert ordinals(lane.sends()) == [1, 2]


def test_an_answer_under_way_does_not_enable_a_disabled_lane() -> None:
    lane = Stepped()
    lane.offer(1, [1])
    first = lane.sends()
    lane.offer(2, [2])
    lane.now_ms += 50
    second = lane.sends()
    lane.answer(first, Verdict.DISABLED, 410)
    lane.answer(second, Verdict.DELIVERED)
    assert lane.lane.state is SinkState.DISABLED


def bisect(lane: Stepped, guilty: set[int]) -> list[list[int]]:
    """Answer until nothing is left to send; what was taken, request by request."""
    taken = []
    while isinstance(request := lane.lane.next(lane.now_ms), Request):
        numbers = ordinals(request)
        if guilty.isdisjoint(numbers):
            lane.answer(request, Verdict.DELIVERED)
            taken.append(numbers)
        else:
            lane.answer(request, Verdict.REFUSED, 422)
        lane.lane.settle()
    return taken


def test_a_refused_batch_is_bisected_to_the_guilty_and_the_rest_goes_on() -> None:
    lane = Stepped()
    lane.offer(1, range(10))
    assert bisect(lane, {3, 8}) == [[0, 1], [2], [4], [5, 6], [7], [9]]
    done = lane.settled()
    assert [letter.unit.ordinal for letter in done.dead] == [3, 8]  # type: ignore[union-attr] # ratings
    assert [letter.position for letter in done.dead] == [(1, 3), (1, 8)]
    assert {letter.answer.status for letter in done.dead} == {422}
    assert (done.cursor, done.delivered) == ((2, 0), 8)


def test_a_unit_refused_alone_is_given_up_after_a_moment_of_doubt() -> None:
    lane = Stepped(doubt_ms=2_000)
    lane.offer(1, [1])
    lane.answer(lane.sends(), Verdict.REFUSED, 400)
    assert lane.lane.settle() is None
    assert lane.waits() == 2_000
    lane.now_ms += 2_000
    assert lane.waits() is None
    assert len(lane.settled().dead) == 1


def test_twenty_refused_in_a_row_are_the_endpoints_fault() -> None:
    lane = Stepped()
    lane.offer(1, range(40))
    assert bisect(lane, set(range(40))) == []
    assert lane.lane.state is SinkState.HELD
    assert str(lane.lane.error).startswith("20 events refused in a row")
    assert lane.lane.settle() is None
    lane.now_ms += 60_000
    taken = [number for numbers in bisect(lane, set()) for number in numbers]
    assert sorted(taken) == list(range(40))
    done = lane.settled()
    assert (done.delivered, done.dead, done.cursor) == (40, [], (2, 0))


def test_nineteen_refused_and_then_a_success_are_dead_letters() -> None:
    lane = Stepped()
    lane.offer(1, range(20))
    bisect(lane, set(range(19)))
    assert len(lane.settled().dead) == 19


def test_a_held_endpoint_is_probed_with_another_unit_each_time() -> None:
    lane = Stepped()
    lane.offer(1, range(30))
    bisect(lane, set(range(30)))
    probed = []
    for _ in range(22):
        lane.now_ms += 60_000
        request = lane.sends()
        probed += ordinals(request)
        lane.answer(request, Verdict.REFUSED, 400)
        assert lane.waits() is not None
    assert set(range(21)) <= set(probed)


def test_what_is_too_large_is_split_and_smaller_batches_follow() -> None:
    lane = Stepped(in_flight_max=1)
    lane.offer(1, range(40))
    lane.answer(lane.sends(), Verdict.TOO_LARGE, 413)
    sizes = []
    for _ in range(6):
        request = lane.sends()
        sizes.append(len(request.units))
        lane.answer(request, Verdict.DELIVERED)
        lane.lane.settle()
    assert sizes == [5, 5, 6, 7, 8, 9]


def test_one_unit_that_is_too_large_by_itself_is_guilty() -> None:
    lane = Stepped(units_max=1)
    lane.offer(1, [1])
    lane.answer(lane.sends(), Verdict.TOO_LARGE, 413)
    lane.now_ms += 2_000
    lane.waits()
    assert len(lane.settled().dead) == 1


def test_what_an_answer_does_not_speak_of_is_sent_next() -> None:
    lane = Stepped(in_flight_max=1)
    lane.offer(1, range(10))
    lane.answer(lane.sends(), Verdict.DELIVERED, count=4)
    assert lane.settled().cursor == (1, 4)
    assert ordinals(lane.sends()) == [4, 5, 6, 7, 8, 9]


def test_full_dead_letters_hold_the_lane_instead_of_dropping() -> None:
    lane = Stepped()
    lane.lane.letters_max = 2
    lane.offer(1, range(10))
    bisect(lane, {0, 1, 2, 3})
    assert lane.lane.state is SinkState.HELD
    assert str(lane.lane.error).startswith("dead letters are full")


def test_letters_are_sent_again_beside_the_cursor() -> None:
    lane = Stepped()
    lane.lane.resend([(7, rating_event(100)), (9, rating_event(101))])
    assert not lane.lane.wants_letters
    lane.offer(1, [1])
    sent = bisect(lane, {101})
    assert sorted(number for numbers in sent for number in numbers) == [1, 100]
    lane.now_ms += 2_000
    lane.waits()
    done = lane.settled()
    assert (done.replayed, [number for number, _ in done.refused]) == ([7], [9])
    assert (done.delivered, done.dead, done.cursor) == (1, [], (2, 0))
    assert lane.lane.wants_letters


@pytest.mark.parametrize("count", [0, -3, 10_000])
def test_a_nonsensical_count_is_held_within_the_request(count: int) -> None:
    lane = Stepped()
    lane.offer(1, range(5))
    lane.answer(lane.sends(), Verdict.DELIVERED, count=count)
    assert 1 <= lane.settled().delivered <= 5


def test_a_lane_reads_no_further_than_one_batch_ahead() -> None:
    lane = Stepped()
    assert lane.lane.hungry
    lane.offer(1, range(9))
    assert lane.lane.hungry
    lane.offer(2, range(9, 30))
    assert not lane.lane.hungry
    assert lane.lane.read == (3, 0)
