"""Which plan holds, and what a plan may say."""

import pytest

from device_protocol.profiles import Inspection
from fleet.inspections.plans import (
    CHECKLIST,
    Placed,
    Plan,
    PlanError,
    Plans,
    check_plan,
    check_plans,
    plan_of_profile,
)
from tests.support.inspected import plan

OWN = plan_of_profile("classic", Inspection(every_days=90))
DEVICE = Placed("d-1", "classic", ("hall", "north", "all"))


def chosen(*plans: Plan, device: Placed = DEVICE) -> dict[str, str]:
    holding = Plans(plans).holding_for(device, [OWN])
    return {work: one.plan_id for work, one in holding.items()}


def test_the_most_specific_plan_holds() -> None:
    plans = [
        plan(plan_id="of-all", subject="all"),
        plan(plan_id="of-north", subject="north"),
        plan(plan_id="of-make", scope="profile", subject="classic"),
        plan(plan_id="of-device", scope="device", subject="d-1"),
    ]
    for count, winner in enumerate(
        ["profile:classic", "of-all", "of-north", "of-make", "of-device"]
    ):
        assert chosen(*plans[:count]) == {"inspection": winner}


def test_plans_for_others_hold_not() -> None:
    others = [plan(subject="south"), plan(scope="device", subject="d-2", plan_id="p-2")]
    assert chosen(*others, device=Placed("d-1")) == {"inspection": "profile:classic"}


def test_each_kind_of_work_has_its_own_plan() -> None:
    assert chosen(plan(type="clean", every_days=7)) == {
        "clean": "p-1",
        "inspection": "profile:classic",
    }


def test_a_plan_that_is_switched_off_exempts_what_it_is_about() -> None:
    exempted = plan(scope="device", subject="d-1", enabled=False, plan_id="never")
    assert chosen(plan(), exempted) == {}


def test_a_profiles_own_plan_says_what_the_profile_says() -> None:
    own = plan_of_profile("classic", Inspection(every_presses=5, checklist=("clean",)))
    assert (own.every_days, own.every_presses, own.checklist) == (None, 5, ("clean",))
    assert OWN.checklist == CHECKLIST
    check_plans([own])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"every_days": None}, "when is it due"),
        ({"every_days": 0}, "every_days: 0 is not from 1"),
        ({"every_presses": 10**9}, "every_presses"),
        ({"grace_days": -1}, "grace_days"),
        ({"remind_before_days": 366}, "remind_before_days"),
        ({"type": "repair"}, "cannot be planned"),
        ({"due_from": "grid", "every_presses": 9}, "a grid needs every_days"),
        ({"grid_from": "2026-11-01"}, "only with due_from"),
        ({"grid_from": "soon", "due_from": "grid"}, "'soon' is no date"),
        ({"checklist": ("clean", "clean")}, "stands there twice"),
        ({"checklist": ("",)}, "printable"),
        ({"checklist": tuple(map(str, range(65)))}, "more than 64"),
        ({"subject": "a\nb"}, "subject: 1 to 64 printable"),
    ],
)
def test_what_cannot_be_followed_is_told_so(
    fields: dict[str, object], words: str
) -> None:
    with pytest.raises(PlanError, match=words):
        check_plan(plan(**fields))


def test_plans_must_not_contradict_each_other() -> None:
    check_plans([plan(), plan(plan_id="p-2", subject="north")])
    with pytest.raises(PlanError, match=r"p-1: two plans have this id"):
        check_plans([plan(), plan(subject="north")])
    with pytest.raises(PlanError, match=r"p-2: p-1 is for site hall, too"):
        check_plans([plan(), plan(plan_id="p-2")])
    with pytest.raises(PlanError, match=r"p-3: every_days"):
        check_plans([plan(plan_id="p-3", every_days=-1)])
