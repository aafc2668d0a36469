"""Settings become rules in force: rules, tables of the registry, sinks."""

import json
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from device_protocol.profiles import Profile
from fleet.canary import Terms
from fleet.escalation import Alerting
from fleet.tables import Row
from gateway.ports import SinkSpec
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Data,
    Handling,
    Outcome,
    handling,
    nothing,
)
from gateway.processing.acts.deadlines import put_in_force
from gateway.processing.acts.registering import put_rows
from gateway.processing.alerting.alerts import resolve_alert
from gateway.processing.applying import (
    CANARY,
    SITE_RULES,
    calendar_setting,
    setting_text,
)
from gateway.processing.days.target_ends import TARGETS, TargetEnds
from gateway.processing.memory.profiles import Profiles
from gateway.processing.memory.terms import day_table
from gateway.ratings.rulebook import RulebookError, calendar_id, check_rules
from gateway.ratings.targets import Target, target_error
from gateway.rules import Rules

ERRORS_MAX: Final = 20
"""Rows that could not be applied which an outcome shows."""


class _RulesApplied(msgspec.Struct):
    """The gateway's rules, and those that its sites have of their own."""

    rules: Rules
    sites: dict[str, dict[str, Any]] = {}


def _rules_applied(context: Context, applied: _RulesApplied) -> Outcome:
    rules, books = applied.rules, context.state.books
    try:
        ZoneInfo(rules.time_zone)
    except (KeyError, ValueError, OSError):
        detail = f"no time zone here: {rules.time_zone!r}"
        raise ActError("invalid", detail) from None
    try:
        check_rules(rules, applied.sites)
    except RulebookError as error:
        raise ActError("invalid", str(error)) from None
    text = msgspec.json.encode(rules).decode()
    books.save_setting("rules", text, context.place)
    if applied.sites or books.setting(SITE_RULES):
        books.save_setting(SITE_RULES, setting_text(applied.sites), context.place)
    put_in_force(context)
    context.notifying.apply(context.state.alerting)  # its zone may be another
    return {}


class _ProfilesApplied(msgspec.Struct):
    profiles: dict[str, Profile]


def _profiles_applied(context: Context, applied: _ProfilesApplied) -> Outcome:
    text = setting_text(msgspec.to_builtins(applied.profiles))
    context.state.books.save_setting("profiles", text, context.place)
    context.state.apply_profiles(Profiles(applied.profiles))
    context.inspecting.look_at_all()
    return {"profiles": len(applied.profiles)}


class _AlertingApplied(msgspec.Struct):
    alerting: Alerting


def _alerting_applied(context: Context, applied: _AlertingApplied) -> Outcome:
    try:
        context.notifying.apply(applied.alerting)
    except (LookupError, ValueError, OSError) as error:
        raise ActError("invalid", f"hours or a zone: {error}") from None
    text = setting_text(msgspec.to_builtins(applied.alerting))
    context.state.books.save_setting("alerting", text, context.place)
    return {"recipients": len(applied.alerting.recipients)}


class _CanaryApplied(msgspec.Struct):
    canary: Terms


def _canary_applied(context: Context, applied: _CanaryApplied) -> Outcome:
    text = setting_text(msgspec.to_builtins(applied.canary))
    context.state.books.save_setting(CANARY, text, context.place)
    return {"sites": context.state.canaries.apply(applied.canary)}


class _TargetsApplied(msgspec.Struct):
    targets: list[Target]


def _targets_applied(context: Context, applied: _TargetsApplied) -> Outcome:
    for target in applied.targets:
        error = target_error(target)
        if error is not None:
            raise ActError("invalid", error)
    text = setting_text(msgspec.to_builtins(applied.targets))
    context.state.books.save_setting(TARGETS, text, context.place)
    TargetEnds(context.state).apply(applied.targets)
    return {"targets": len(applied.targets)}


def _keep(context: Context, name: str, data: Data) -> None:
    text = setting_text(data.get(name, data))
    context.state.books.save_setting(name, text, context.place)


def _setting_applied(name: str) -> Handling[Data]:
    def keep(context: Context, data: Data) -> Outcome:
        _keep(context, name, data)
        return {}

    return handling(Data, keep)


def _calendar_applied(context: Context, data: Data) -> Outcome:
    """A day table comes into force: open deadlines move, closed ones never do.

    With a `name` it is the table of that calendar, else that of the gateway's.
    """
    name, table = data.get("name"), data.get("calendar", data)
    setting = "calendar"
    if name is not None:
        known = calendar_id(str(name))
        if known is None:
            raise ActError("invalid", f"no calendar {name!r}")
        setting = calendar_setting(known)
    text = setting_text(table)
    try:
        day_table(text)
    except msgspec.MsgspecError as error:
        raise ActError("invalid", f"no day table: {error}") from None
    context.state.books.save_setting(setting, text, context.place)
    return {"moved": put_in_force(context)}


def _gateway_started(context: Context, data: Data) -> Outcome:
    digest = str(data.get("settings_digest", ""))
    context.state.books.save_setting("gateway", json.dumps(data), context.place)
    context.state.books.save_setting("digest", digest, context.place)
    context.state.settings_digest = digest
    resolve_alert(context.state, "settings_gate", "process", "settings are in force")
    return {}


class _SinksApplied(msgspec.Struct):
    sinks: list[SinkSpec]


def _sinks_applied(context: Context, applied: _SinksApplied) -> Outcome:
    state = context.state
    wanted = {spec.name: (spec.kind, spec.events) for spec in applied.sinks}
    row = state.emission.row(state.block, state.now_ms)
    return {"changed": state.sinks.apply(wanted, row)}


class _TablesApplied(msgspec.Struct):
    """A part of a table; a large one comes in several."""

    table: str
    rows: list[Row]
    digest: str = ""
    last: bool = True


def _tables_applied(context: Context, applied: _TablesApplied) -> Outcome:
    state, table = context.state, applied.table
    errors = [
        {"row": number, "detail": str(error)}
        for number, error in put_rows(context, table, applied.rows)
    ]
    if applied.last:
        state.books.save_setting(f"table:{table}", applied.digest, context.place)
    outcome: Outcome = {"rows": len(applied.rows) - len(errors)}
    if errors:
        outcome |= {"refused": len(errors), "errors": errors[:ERRORS_MAX]}
    return outcome


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "gateway_started": handling(Data, _gateway_started),
    "rules_applied": handling(_RulesApplied, _rules_applied),
    "canary_applied": handling(_CanaryApplied, _canary_applied),
    "targets_applied": handling(_TargetsApplied, _targets_applied),
    "alerting_applied": handling(_AlertingApplied, _alerting_applied),
    "profiles_applied": handling(_ProfilesApplied, _profiles_applied),
    "calendar_applied": handling(Data, _calendar_applied),
    "checkpoint_taken": _setting_applied("checkpoint"),
    "tokens_applied": _setting_applied("tokens"),
    "users_applied": _setting_applied("users"),
    "logged_in": handling(Data, nothing),
    "tables_applied": handling(_TablesApplied, _tables_applied),
    "sinks_applied": handling(_SinksApplied, _sinks_applied),
}
