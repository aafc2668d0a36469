"""What people say of inspections: plans that hold from now on, and what was done."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fleet.commands.catalogue import PRESS_TEST
from fleet.inspections.plans import KEYS_ITEM, PlanError
from fleet.inspections.records import Record, RecordError, check_record, unanswered
from fleet.press_test import PressTest, PressTestError
from gateway.acts import InspectionAct, InspectionPlansAct, PressTestAct
from gateway.events.cloudevents import rfc3339
from gateway.ledger.devices import Device
from gateway.ledger.queries.revisions import PLANS
from gateway.places import Place
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
    refuse_changed,
)
from gateway.processing.acts.commands import lead_test
from gateway.processing.state import DAY_MS


def _plans_put(context: Context, act: InspectionPlansAct) -> Outcome:
    refuse_changed(context, PLANS, act)
    try:
        context.inspecting.put_plans(act.plans)
    except PlanError as error:
        raise ActError("invalid", str(error)) from None
    return {"plans": [plan.plan_id for plan in act.plans]}


def _device(context: Context, device_id: str) -> Device:
    device = context.state.by_id.get(device_id)
    if device is None:
        raise ActError("not_found", f"no device {device_id!r}")
    return device


def _recorded(context: Context, act: InspectionAct) -> Outcome:
    device = _device(context, act.device_id)
    record = _with_press_test(_record(act, context), context.press_tests.last(device))
    if record.plan_id and not context.inspecting.knows(record.plan_id):
        raise ActError("not_found", f"no plan {record.plan_id!r}")
    try:
        check_record(record, context.state.now_ms)
    except RecordError as error:
        raise ActError("invalid", str(error)) from None
    context.inspecting.enter(context.place, device, record)
    plan = context.inspecting.plan(device, record.type)
    missing = () if plan is None else unanswered(record, plan.checklist)
    return {
        "record_id": record.record_id,
        "device_id": device.device_id,
        "unanswered": list(missing),
        "completes": plan is not None and not missing,
    }


def _record(act: InspectionAct, context: Context) -> Record:
    finished_ms = context.state.now_ms if act.finished_ms is None else act.finished_ms
    return Record(
        record_id=str(Place.unpack(context.place)),
        device_id=act.device_id,
        type=act.type,
        started_ms=finished_ms if act.started_ms is None else act.started_ms,
        finished_ms=finished_ms,
        operator=act.operator,
        plan_id=act.plan_id,
        checklist=act.checklist,
        parts=act.parts,
        result=act.result,
        notes=act.notes,
    )


def _with_press_test(record: Record, test: PressTest | None) -> Record:
    """With the keys marked by a test of the day before, where nobody marked them."""
    finished_ms = record.finished_ms or 0
    if test is None or test.missing or KEYS_ITEM in record.checklist:
        return record
    if not 0 <= finished_ms - test.started_ms <= DAY_MS:
        return record
    return msgspec.structs.replace(
        record,
        checklist={**record.checklist, KEYS_ITEM: "pass"},
        press_test_id=test.test_id,
    )


def _press_test_started(context: Context, act: PressTestAct) -> Outcome:
    device = _device(context, act.device_id)
    test_id = str(Place.unpack(context.place))
    try:
        test = context.press_tests.start(device, test_id, act.timeout_s * 1000)
    except PressTestError as error:
        raise ActError("invalid", str(error)) from None
    outcome: Outcome = {
        "test_id": test_id,
        "device_id": device.device_id,
        "keys": [{"key": one.key, "level": one.level} for one in test.keys],
        "until": rfc3339(test.until_ms),
    }
    if PRESS_TEST in (context.commanding.known(device) or ()):
        command = lead_test(context, device, test_id, act.timeout_s)
        outcome["command_id"] = command and command.command_id
    return outcome


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "inspection_plan_put": handling(InspectionPlansAct, _plans_put),
    "inspection_recorded": handling(InspectionAct, _recorded),
    "press_test_started": handling(PressTestAct, _press_test_started),
}
