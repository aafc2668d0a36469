"""Plans: how often a terminal is looked after, and which plan holds for it.

Source: fleet health, "Inspections". A plan is for one kind of work; of the plans of a
kind the most specific one holds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import msgspec

from device_protocol.profiles import Inspection
from fleet.days import DayUnit

Scope = Literal["device", "profile", "site"]
Work = Literal["inspection", "clean", "repair", "replace", "firmware", "relocate"]
OnOverdue = Literal["warn", "degrade"]

ROUTINE: Final = frozenset({"inspection", "clean"})
"""What can be planned; the rest answers to something that happened."""
KEYS_ITEM: Final = "every key pressed"
"""What a press test proves."""
CHECKLIST: Final = (
    "clean",
    "placement",
    KEYS_ITEM,
    "sound",
    "screen",
    "clock",
    "battery",
    "label",
    "cable",
)
"""What an inspection looks at where a plan does not say."""
ITEMS_MAX: Final = 64
DAYS_MAX: Final = 3_650
MARGIN_DAYS_MAX: Final = 365
PRESSES_MAX: Final = 100_000_000
TEXT_CHARS_MAX: Final = 64


class PlanError(ValueError):
    """A plan that cannot be followed, and what to change."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `subject` (a device_id, a profile's name, a site with all below) needs.

    Due every `every_days` days (of `day_unit`) or `every_presses` presses, whichever
    is first. `due_from` completion: counted from when it was done last; grid: on fixed
    days counted from `grid_from` (ISO date; None: from when the plan began to hold).
    Overdue `grace_days` after; `enabled` False exempts what it is about.
    """

    plan_id: str
    scope: Scope
    subject: str
    type: Work = "inspection"
    every_days: int | None = None
    every_presses: int | None = None
    day_unit: DayUnit = "natural"
    due_from: Literal["completion", "grid"] = "completion"
    grid_from: str | None = None
    grace_days: int = 0
    remind_before_days: int = 0
    on_overdue: OnOverdue = "warn"
    checklist: tuple[str, ...] = CHECKLIST
    enabled: bool = True

    @property
    def place(self) -> tuple[str, str, str]:
        """What only one plan can be for."""
        return self.type, self.scope, self.subject


def plan_of_profile(profile: str, wanted: Inspection) -> Plan:
    """The plan that a device profile brings along; its plan_id is `profile:NAME`."""
    return Plan(
        plan_id=f"profile:{profile}",
        scope="profile",
        subject=profile,
        every_days=wanted.every_days,
        every_presses=wanted.every_presses,
        day_unit=wanted.day_unit,
        due_from=wanted.due_from,
        grace_days=wanted.grace_days,
        remind_before_days=wanted.remind_before_days,
        on_overdue=wanted.on_overdue,
        checklist=wanted.checklist or CHECKLIST,
    )


def check_plan(plan: Plan) -> None:
    """Whether a plan can be followed.

    Raises:
        PlanError: it says nothing about when, or a value makes no sense.
    """
    for name in ("plan_id", "subject"):
        check_text(name, getattr(plan, name), PlanError)
    if plan.type not in ROUTINE:
        raise PlanError(f"type: {plan.type} cannot be planned, only inspection, clean")
    if plan.every_days is None and plan.every_presses is None:
        raise PlanError("give every_days or every_presses: when is it due?")
    _check_range("every_days", plan.every_days, 1, DAYS_MAX)
    _check_range("every_presses", plan.every_presses, 1, PRESSES_MAX)
    _check_range("grace_days", plan.grace_days, 0, MARGIN_DAYS_MAX)
    _check_range("remind_before_days", plan.remind_before_days, 0, MARGIN_DAYS_MAX)
    _check_grid(plan)
    check_items(plan.checklist, PlanError)
    if len(set(plan.checklist)) != len(plan.checklist):
        raise PlanError("checklist: an item stands there twice")


def check_plans(plans: Iterable[Plan]) -> None:
    """Whether plans can be followed together.

    Raises:
        PlanError: as `check_plan`, or two have one id or are for the same.
    """
    ids: set[str] = set()
    places: dict[tuple[str, str, str], str] = {}
    for plan in plans:
        try:
            check_plan(plan)
        except PlanError as error:
            raise PlanError(f"{plan.plan_id}: {error}") from None
        if plan.plan_id in ids:
            raise PlanError(f"{plan.plan_id}: two plans have this id")
        ids.add(plan.plan_id)
        other = places.setdefault(plan.place, plan.plan_id)
        if other != plan.plan_id:
            raise PlanError(
                f"{plan.plan_id}: {other} is for {plan.scope} {plan.subject}, too"
            )


class Placed(msgspec.Struct, frozen=True):
    """Where a device stands: what plans can be about.

    `sites` are its site and those above it, the nearest first.
    """

    device_id: str
    profile: str | None = None
    sites: tuple[str, ...] = ()


class Plans:
    """The plans that people wrote, ready to be asked; holds no other state."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        # Of two for the same, which `check_plans` refuses, the first by id holds.
        ordered = sorted(plans, key=lambda plan: plan.plan_id, reverse=True)
        self._by_place: Mapping[tuple[str, str, str], Plan] = {
            plan.place: plan for plan in ordered
        }

    def holding_for(self, device: Placed, own: Sequence[Plan] = ()) -> dict[str, Plan]:
        """The plan of each kind of work that holds for a device.

        A plan for the device goes before one for its profile, that before one for its
        site, the nearest first; last come the plans that its profile brings along,
        `own`, so that any plan that a person wrote has effect. Exempted kinds are
        left out.
        """
        found = {plan.type: plan for plan in own if plan.enabled}
        for work in sorted(ROUTINE):
            for scope, subject in _places_of(device):
                plan = self._by_place.get((work, scope, subject))
                if plan is not None:
                    found[plan.type] = plan
                    break
        return {work: plan for work, plan in sorted(found.items()) if plan.enabled}


def _places_of(device: Placed) -> Iterable[tuple[Scope, str]]:
    yield "device", device.device_id
    if device.profile is not None:
        yield "profile", device.profile
    for site in device.sites:
        yield "site", site


def _check_range(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise PlanError(f"{name}: {value} is not from {low} to {high}")


def _check_grid(plan: Plan) -> None:
    if plan.due_from == "grid" and plan.every_days is None:
        raise PlanError("due_from: a grid needs every_days")
    if plan.grid_from is None:
        return
    if plan.due_from != "grid":
        raise PlanError("grid_from: only with due_from = grid")
    try:
        date.fromisoformat(plan.grid_from)
    except ValueError:
        raise PlanError(f"grid_from: {plan.grid_from!r} is no date") from None


def check_items(items: Collection[str], error: type[ValueError]) -> None:
    """Raises `error` unless these may be a checklist, a plan's or a record's."""
    if len(items) > ITEMS_MAX:
        raise error(f"checklist: more than {ITEMS_MAX} items")
    for item in items:
        check_text("checklist", item, error)


def check_text(name: str, text: str, error: type[ValueError]) -> None:
    """Raises `error` unless people can read this name of something."""
    if not 1 <= len(text) <= TEXT_CHARS_MAX or not text.isprintable():
        raise error(f"{name}: 1 to {TEXT_CHARS_MAX} printable characters")
