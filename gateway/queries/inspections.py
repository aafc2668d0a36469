"""Inspections as readers ask for them and see them."""

from typing import NamedTuple

import msgspec

from fleet.inspections.due import State
from fleet.inspections.plans import Work
from fleet.inspections.sheets import Line
from fleet.press_test import Key
from gateway.queries.asking import SiteBound


class InspectionFilter(SiteBound, frozen=True, kw_only=True):
    state: State | None = None
    site: str | None = None
    device: str | None = None
    type: Work | None = None


class InspectionRow(msgspec.Struct, kw_only=True):
    """The open period of a device under a plan."""

    inspection_id: str
    device_id: str
    site: str | None
    window: str | None
    type: str
    plan_id: str
    state: str
    next_due_ms: int | None
    overdue_ms: int | None
    presses_due: int | None
    presses: int
    estimated: bool
    last_done_ms: int | None
    checklist: tuple[Line, ...]
    known: tuple[Line, ...]


class SiteWork(NamedTuple):
    """How much of a site's routine work stands where, by its open periods.

    `next_due_ms` is the soonest of their due moments that are known.
    """

    site: str
    overdue: int
    due: int
    due_soon: int
    not_due: int
    next_due_ms: int | None


class PressTestRow(msgspec.Struct, kw_only=True):
    """The last press test of a device, as of the journal's time."""

    test_id: str
    device_id: str
    state: str
    started_ms: int
    until_ms: int
    keys: tuple[Key, ...]


class RecordRow(msgspec.Struct, kw_only=True):
    """What somebody did at a device."""

    record_id: str
    device_id: str
    site: str | None
    type: str
    plan_id: str | None
    started_ms: int
    finished_ms: int | None
    operator: str
    checklist: dict[str, str]
    parts: dict[str, int]
    result: str
    notes: str
