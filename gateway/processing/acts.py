"""Acts of operators, business systems and our own roles: a handler for each name.

To add an act: one function and one line in `HANDLERS`. A handler answers what it
changed, for whoever asked; an `ActError` says why nothing was.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from fleet.registry import Lifecycle, may_become
from gateway.ledger.devices import FACTS, Device
from gateway.ports import Control, Record, SinkSpec
from gateway.processing.alerts import raise_alert, resolve_alert
from gateway.processing.readmitting import Readmitting
from gateway.processing.settling import declare_void, find_rating, resettle
from gateway.processing.state import State
from gateway.rules import Rules

Data = Mapping[str, Any]
Outcome = dict[str, Any]

REPLAY_MAX: Final = 100_000


class ActError(Exception):
    """An act that cannot be carried out; `code` is for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Context:
    """What a handler works on."""

    def __init__(self, state: State, readmitting: Readmitting) -> None:
        self.state = state
        self.readmitting = readmitting
        self.place = 0
        self.author: str | None = None


def carry_out(context: Context, record: Record, place: int) -> None:
    """Fold one act: at most once for each author's idempotency key."""
    state = context.state
    data = msgspec.json.decode(record.payload, type=dict[str, Any])
    author, key = data.get("author"), data.get("idempotency_key")
    if key is not None and state.books.act_of_key(author or "", key) is not None:
        state.books.save_act(
            place, record.topic, author, record.received_ms, None, '{"repeated":true}'
        )
        return
    context.place, context.author = place, author
    handler = HANDLERS.get(record.topic)
    try:
        outcome = handler(context, data) if handler else {"ignored": "unknown act"}
    except ActError as error:
        outcome = {"error": error.code, "detail": error.detail}
    text = json.dumps(outcome, ensure_ascii=False)
    state.books.save_act(
        place,
        record.topic,
        author or ("" if key else None),
        record.received_ms,
        key,
        text,
    )


def _rules_applied(context: Context, data: Data) -> Outcome:
    rules = msgspec.convert(data["rules"], Rules)
    text = msgspec.json.encode(rules).decode()
    context.state.books.save_setting("rules", text, context.place)
    context.state.apply_rules(rules)
    return {}


def _setting_applied(name: str) -> Callable[[Context, Data], Outcome]:
    def keep(context: Context, data: Data) -> Outcome:
        text = json.dumps(data.get(name, data), ensure_ascii=False, sort_keys=True)
        context.state.books.save_setting(name, text, context.place)
        return {}

    return keep


def _gateway_started(context: Context, data: Data) -> Outcome:
    digest = str(data.get("settings_digest", ""))
    context.state.books.save_setting("gateway", json.dumps(dict(data)), context.place)
    context.state.books.save_setting("digest", digest, context.place)
    context.state.settings_digest = digest
    return {}


def _sinks_applied(context: Context, data: Data) -> Outcome:
    state = context.state
    wanted = {
        spec.name: (spec.kind, tuple(spec.events))
        for spec in msgspec.convert(data["sinks"], list[SinkSpec])
    }
    row = state.emission.row(state.block, state.now_ms)
    return {"changed": state.sinks.apply(wanted, row)}


def _tables_applied(context: Context, data: Data) -> Outcome:
    state, table = context.state, str(data["table"])
    for row in data["rows"]:
        if table == "devices":
            _apply_device(context, row)
        else:
            key = _key_of(table, row)
            state.devices.save_registry(table, key, row)
    if table == "windows":
        state.windows = state.devices.registry("windows")
        for device in state.by_id.values():
            state.place_device(device)
    if data.get("last", True):
        digest = str(data.get("digest", ""))
        state.books.save_setting(f"table:{table}", digest, context.place)
    return {"rows": len(data["rows"])}


def _key_of(table: str, row: Data) -> str:
    if table == "bindings":
        return f"{row['device_id']}|{row['from']}"
    if table == "closures":
        return f"{row['site']}|{row['from']}"
    return str(row["id"])


def _apply_device(context: Context, row: Data) -> None:
    """One row of `devices.csv`: what is empty stays as it was."""
    state = context.state
    device = state.by_id.get(str(row["device_id"]))
    wanted = str(row.get("lifecycle") or "")
    if device is None:
        device = state.add_device(str(row["device_id"]), wanted or "active")
    elif wanted and wanted != device.lifecycle:
        _move(context, device, Lifecycle(wanted), by_table=True)
    device.site = row.get("site") or device.site
    device.window = row.get("window") or device.window
    for name in FACTS:
        if row.get(name):
            device.facts[name] = row[name]
    state.place_device(device)
    state.changed_devices.add(device)


def _move(
    context: Context, device: Device, wanted: Lifecycle, *, by_table: bool = False
) -> None:
    now = Lifecycle(device.lifecycle)
    if not by_table and not may_become(now, wanted):
        raise ActError("conflict", f"a device that is {now} cannot become {wanted}")
    state = context.state
    state.pending += (wanted == Lifecycle.PENDING) - (now == Lifecycle.PENDING)
    device.lifecycle = wanted.value
    state.changed_devices.add(device)
    if wanted in {Lifecycle.ACTIVE, Lifecycle.MAINTENANCE}:
        context.readmitting.approve(device)


def _device_moved(wanted: Lifecycle) -> Callable[[Context, Data], Outcome]:
    def move(context: Context, data: Data) -> Outcome:
        device = _device(context, data)
        for name in ("site", "window"):
            if data.get(name) is not None:
                setattr(device, name, str(data[name]))
        context.state.place_device(device)
        _move(context, device, wanted)
        return {"device_id": device.device_id, "lifecycle": device.lifecycle}

    return move


def _device(context: Context, data: Data) -> Device:
    device = context.state.by_id.get(str(data.get("device_id")))
    if device is None:
        raise ActError("not_found", f"no device {data.get('device_id')!r}")
    return device


def _device_put(context: Context, data: Data) -> Outcome:
    _apply_device(context, data["device"])
    return {"device_id": data["device"]["device_id"]}


def _quarantine_replayed(context: Context, data: Data) -> Outcome:
    queues = context.state.queues
    limit = min(int(data.get("limit", REPLAY_MAX)), REPLAY_MAX)
    ids = data.get("ids")
    items = (
        queues.kept(ids)
        if ids is not None
        else queues.quarantined(data.get("reason"), limit)
    )
    items = [item for item in items if item.state == "quarantined"]
    context.readmitting.replay(items)
    return {"replayed": len(items)}


def _quarantine_purged(context: Context, data: Data) -> Outcome:
    queues = context.state.queues
    ids = data.get("ids")
    items = (
        queues.kept(ids)
        if ids is not None
        else queues.quarantined(data.get("reason"), REPLAY_MAX)
    )
    purged = [item.id for item in items if item.state in {"quarantined", "held"}]
    queues.purge(purged)
    return {"purged": len(purged)}


def _rating_voided(context: Context, data: Data) -> Outcome:
    state = context.state
    stored = find_rating(state, str(data["rating_id"]))
    if stored is None:
        raise ActError("not_found", f"no rating {data['rating_id']!r}")
    if stored.void is not None:
        raise ActError("conflict", "the rating is void already")
    void = {"reason": str(data["reason"]), "by": context.author, "at_ms": state.now_ms}
    state.ratings.void(stored.place, json.dumps(void, ensure_ascii=False))
    session = None
    if stored.session_no is not None:
        session = state.ratings.session_of(stored.session_no)
    if session is None:
        declare_void(state, stored)
    else:
        resettle(state, session, set(), stored.place)
    return {"rating_id": stored.rating_id}


def _control(name: str) -> Callable[[Context, Data], Outcome]:
    def pass_on(context: Context, data: Data) -> Outcome:
        control = Control(name, msgspec.json.encode(data))
        context.state.emission.controls.append(control)
        return {"passed_on": True}

    return pass_on


def _link_up(context: Context, _data: Data) -> Outcome:
    context.state.linked = 1
    resolve_alert(context.state, "link_down", "broker", "connected again")
    resolve_alert(context.state, "take_over", "broker", "connected again")
    return {}


def _link_down(context: Context, _data: Data) -> Outcome:
    context.state.linked = 0
    return {}


def _alarm(
    cause: str, subject: str, severity: str, text: str
) -> Callable[[Context, Data], Outcome]:
    """An act that only opens an alert; `text` may name fields of the act."""

    def alarm(context: Context, data: Data) -> Outcome:
        fields = {name: data.get(name) for name in data}
        shown = text.format_map(_Shown(fields))
        raise_alert(context.state, cause, subject, severity, shown)
        return {}

    return alarm


class _Shown(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"(no {key})"


def _resolve(cause: str, subject: str, text: str) -> Callable[[Context, Data], Outcome]:
    def resolve(context: Context, _data: Data) -> Outcome:
        resolve_alert(context.state, cause, subject, text)
        return {}

    return resolve


_SINK_TEXTS: Final = {
    "held": "answers everything with a refusal: its events are held",
    "disabled": "answered 410: nothing is sent until an operator enables it",
    "open": "does not answer: its events are owed",
}


def _sink_state_changed(context: Context, data: Data) -> Outcome:
    name, now = str(data["name"]), str(data["state"])
    text = _SINK_TEXTS.get(now)
    if text is None and data.get("alarm"):
        text = "refuses us: an operator has to act"
    if text is None:
        resolve_alert(context.state, "sink", name, "delivers again")
    else:
        severity = "warning" if now == "open" else "critical"
        full = f"sink {name} {text} ({data.get('error')})"
        raise_alert(context.state, "sink", name, severity, full)
    return {}


def _nothing(_context: Context, _data: Data) -> Outcome:
    return {}


HANDLERS: Final[Mapping[str, Callable[[Context, Data], Outcome]]] = {
    "gateway_started": _gateway_started,
    "rules_applied": _rules_applied,
    "profiles_applied": _setting_applied("profiles"),
    "calendar_applied": _setting_applied("calendar"),
    "tables_applied": _tables_applied,
    "sinks_applied": _sinks_applied,
    "device_approved": _device_moved(Lifecycle.ACTIVE),
    "device_refused": _device_moved(Lifecycle.REFUSED),
    "device_retired": _device_moved(Lifecycle.RETIRED),
    "device_maintenance": _device_moved(Lifecycle.MAINTENANCE),
    "device_put": _device_put,
    "quarantine_replayed": _quarantine_replayed,
    "quarantine_purged": _quarantine_purged,
    "rating_voided": _rating_voided,
    "deadletters_replayed": _control("deadletters_replayed"),
    "deadletters_purged": _control("deadletters_purged"),
    "sink_enabled": _control("sink_enabled"),
    "sink_state_changed": _sink_state_changed,
    "sink_counts": _nothing,
    "checkpoint_taken": _setting_applied("checkpoint"),
    "intake_resumed": _nothing,
    "link_up": _link_up,
    "link_down": _link_down,
    "link_drained": _nothing,
    "clock_accepted": _nothing,  # the block's own flags say that it is believed
    "session_lost": _alarm(
        "session_lost",
        "broker",
        "critical",
        "the broker lost our session: its queue is gone, unless terminals resend",
    ),
    "take_over": _alarm(
        "take_over",
        "broker",
        "critical",
        "another client took our client id over: is a second gateway running?",
    ),
    "subscription_refused": _alarm(
        "subscription_refused",
        "broker",
        "critical",
        "the broker refused {filter}: {code}",
    ),
    "settings_gate_expired": _alarm(
        "settings_gate",
        "process",
        "warning",
        "took in messages before the settings were applied",
    ),
    "disk_full": _alarm(
        "disk_full",
        "journal",
        "critical",
        "the journal's disk is full: nothing is acknowledged",
    ),
    "disk_freed": _resolve("disk_full", "journal", "the journal grows again"),
    "gap": _alarm(
        "gap",
        "journal",
        "critical",
        "blocks {expected} to {found} are missing from the journal: {cause}",
    ),
    "journal_damaged": _alarm(
        "journal_damaged",
        "journal",
        "critical",
        "blocks {first} to {last} of the journal are damaged ({kind}): run verify",
    ),
}
