"""A day's end: presses and numbers of terminals against what is kept."""

from gateway.ratings.reconciliation import (
    NAMED_MAX,
    DeviceDay,
    Gap,
    KeptNumbers,
    Numbers,
    SinkDay,
    missing_of,
    reconcile,
    taken_of_span,
)

WHOLE = DeviceDay(
    device_id="t1", presses=9, accepted=8, purged=1, other=2, duplicate=4, flagged=2
)


def test_a_day_agrees_when_every_press_is_a_rating_or_was_decided() -> None:
    sink = SinkDay(name="s", addressed=9, delivered=7, dead=1, owed=1)
    found = reconcile([WHOLE], [sink])
    assert (found.equal, found.presses, found.duplicate) == (True, 9, 4)


def test_what_is_lost_kept_back_or_beyond_is_named_with_its_count() -> None:
    days = [
        DeviceDay(device_id="t5", accepted=9, missing=1),
        DeviceDay(device_id="t4", presses=9, accepted=8, quarantined=1),
        DeviceDay(device_id="t3", presses=9, accepted=8),
        DeviceDay(device_id="t2", presses=8, accepted=9),
        WHOLE,
    ]
    found = reconcile(days, [])
    assert [one.device_id for one in found.named] == ["t2", "t3", "t4", "t5"]
    assert [one.unexplained for one in found.named] == [-1, 1, 0, 0]
    assert (found.devices, found.counted, found.unequal) == (5, 4, 4)


def test_a_terminal_that_tells_no_presses_is_not_compared() -> None:
    assert DeviceDay(device_id="t", accepted=9).equal


def test_of_counters_that_began_anew_only_too_many_presses_tell() -> None:
    assert DeviceDay(device_id="t", presses=3, exact=False, accepted=9).equal
    assert not DeviceDay(device_id="t", presses=10, exact=False, accepted=9).equal


def test_a_sink_that_has_not_confirmed_does_not_agree() -> None:
    found = reconcile([WHOLE], [SinkDay(name="s", addressed=0)])
    assert not found.equal
    assert not reconcile([], [SinkDay(name="s", addressed=9, delivered=8)]).equal


def test_a_record_names_no_more_than_so_many_and_counts_all() -> None:
    days = [DeviceDay(device_id=f"t{n:04}", missing=1) for n in range(NAMED_MAX + 7)]
    found = reconcile(days, [])
    assert (len(found.named), found.unequal) == (NAMED_MAX, NAMED_MAX + 7)


def test_a_day_takes_of_the_presses_over_midnight_what_its_ratings_call_for() -> None:
    assert taken_of_span(told=5, explained=8, spanned=10) == 3
    assert taken_of_span(told=5, explained=8, spanned=2) == 2
    assert taken_of_span(told=8, explained=5, spanned=2) == 0


def test_missing_numbers_belong_to_the_day_that_gave_them() -> None:
    gaps = [Gap(low=3, high=6, day=2)]  # found out on day 2
    assert missing_of(1, Numbers(0, 4), 9, gaps) == 2
    assert missing_of(2, Numbers(4, 9), 9, gaps) == 2
    assert missing_of(1, Numbers(None, 4), 9, gaps) == 2


def test_numbers_that_nothing_came_after_are_missing_too() -> None:
    assert missing_of(1, Numbers(0, 5), 3, []) == 2
    assert missing_of(2, Numbers(5, 9), 3, []) == 4
    assert missing_of(1, Numbers(0, 5), None, []) == 0


def test_what_lies_in_quarantine_has_come() -> None:
    gaps = [Gap(low=3, high=6, day=2)]
    assert (
        missing_of(2, Numbers(0, 12), 9, gaps, KeptNumbers(own=[1, 3, 5, 7, 9, 11]))
        == 4
    )


def test_a_number_kept_back_hides_none_that_another_epoch_lost() -> None:
    gaps = [Gap(3, 3, 2, former=True), Gap(3, 4, 2)]
    assert missing_of(2, Numbers(0, 5), 5, gaps, KeptNumbers(own=[3])) == 2
    assert missing_of(2, Numbers(0, 5), 5, gaps, KeptNumbers(own=[3, 3, 4])) == 0
    # What is kept back since the day before may be of the former one, too.
    gaps = [Gap(3, 3, 1, former=True), Gap(3, 4, 2)]
    assert missing_of(2, Numbers(9, 5), 5, gaps, KeptNumbers(1, [3])) == 2
    assert missing_of(2, Numbers(9, 5), 5, gaps, KeptNumbers(1, [3], [3])) == 1
    assert missing_of(2, Numbers(9, 5), 5, gaps, KeptNumbers(2, [4])) == 1


def test_without_numbers_a_loss_counts_on_the_day_it_came_to_light() -> None:
    gaps = [Gap(low=3, high=6, day=2)]
    assert missing_of(1, Numbers(0, None), 9, gaps) == 0
    assert missing_of(2, Numbers(0, None), 9, gaps) == 4
