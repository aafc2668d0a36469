"""Settings become records: what differs from what is in force is submitted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from fleet.canary import Terms
from fleet.escalation import Alerting
from gateway.ledger.books import Books
from gateway.ports import Record, RecordKind, SinkSpec
from gateway.ratings.rulebook import Own
from gateway.rules import Rules

FOLD_VERSION: Final = 35
"""Raise it when the same records would fold into another ledger than before."""

SITE_RULES: Final = "site_rules"
"""The setting that holds the rules of sites, by site."""

BACKUPS: Final = "backups"
"""The setting that says whether backups are made: `on` or `off`."""

CANARY: Final = "canary"
"""The setting that says which presses of ghosts are expected."""

ALERTING: Final[Mapping[str, Any]] = msgspec.to_builtins(Alerting())
"""Nobody is told of alerts, and no firmware is aimed at."""

ROWS_MAX: Final = 500
"""Rows of a table in one record."""


class Table(msgspec.Struct, frozen=True):
    """A CSV table of the registry, with the digest of its file."""

    name: str
    digest: str
    rows: tuple[Mapping[str, Any], ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """All settings that rules rest on, as an operator wants them now."""

    version: str
    gateway_id: str = "evalgate"
    rules: Rules
    site_rules: Mapping[str, Own] = {}
    sinks: tuple[SinkSpec, ...]
    tables: tuple[Table, ...] = ()
    calendar: Mapping[str, Any] = {}
    calendars: Mapping[str, Mapping[str, Any]] = {}
    profiles: Mapping[str, Any] = {}
    targets: Sequence[Mapping[str, Any]] = ()
    alerting: Mapping[str, Any] = msgspec.field(default_factory=lambda: ALERTING)
    backups: bool = True
    canary: Terms = Terms()

    def digest(self) -> str:
        """Tells whether other settings are in force; the same for the same settings."""
        tables = [(table.name, table.digest) for table in self.tables]
        text = msgspec.json.encode(
            [
                self.version,
                self.gateway_id,
                FOLD_VERSION,
                self.rules,
                self.sinks,
                tables,
                setting_text(self.calendar),
                setting_text(self.profiles),
                setting_text([self.site_rules, self.calendars]),
                setting_text(self.alerting),
                setting_text(self.targets),
                self.backups,
                self.canary,
            ]
        )
        return sha256(text).hexdigest()


def changes(wanted: Wanted, books: Books, now_ms: int) -> list[list[Record]]:
    """The records to submit, in batches; the last one confirms the digest."""
    batches: list[list[Record]] = []
    for name, days in wanted.calendars.items():  # before a rule names it
        if books.setting(calendar_setting(name)) != setting_text(days):
            batches.append([calendar_record(name, days, now_ms)])
    if _has_other_rules(wanted, books):
        rules = {"rules": wanted.rules, "sites": wanted.site_rules}
        batches.append([_act("rules_applied", rules, now_ms)])
    for name in ("calendar", "profiles", "alerting"):
        value = getattr(wanted, name)
        if books.setting(name) != setting_text(value):
            batches.append([_act(f"{name}_applied", {name: value}, now_ms)])
    batches += [[record] for record in _later_settings(wanted, books, now_ms)]
    for table in wanted.tables:
        if books.setting(f"table:{table.name}") != table.digest:
            batches.extend(_parts(table, now_ms))
    sinks = _act("sinks_applied", {"sinks": wanted.sinks}, now_ms)
    started = {
        "version": wanted.version,
        "gateway_id": wanted.gateway_id,
        "fold_version": FOLD_VERSION,
        "settings_digest": wanted.digest(),
    }
    batches.append([sinks, _act("gateway_started", started, now_ms)])
    return batches


def _later_settings(wanted: Wanted, books: Books, now_ms: int) -> Iterator[Record]:
    """Settings that older journals do not know: these stand where nothing is said."""
    if (books.setting("targets") or "[]") != setting_text(wanted.targets):
        yield _act("targets_applied", {"targets": wanted.targets}, now_ms)
    if (books.setting(BACKUPS) or "on") != ("on" if wanted.backups else "off"):
        yield _act("backups_applied", {"backups": wanted.backups}, now_ms)
    unsaid, terms = (
        setting_text(msgspec.to_builtins(one)) for one in (Terms(), wanted.canary)
    )
    if (books.setting(CANARY) or unsaid) != terms:
        yield _act("canary_applied", {"canary": wanted.canary}, now_ms)


def _has_other_rules(wanted: Wanted, books: Books) -> bool:
    rules = msgspec.json.encode(wanted.rules).decode()
    sites = setting_text(wanted.site_rules)
    known = books.setting(SITE_RULES) or setting_text({})
    return (books.setting("rules"), known) != (rules, sites)


def calendar_record(name: str, table: Mapping[str, Any], now_ms: int) -> Record:
    """The record of a calendar's days, beside those of the gateway's calendar."""
    return _act("calendar_applied", {"name": name, "calendar": table}, now_ms)


def calendar_setting(name: str) -> str:
    """The setting that holds the day table of a calendar beside the gateway's."""
    return f"calendar:{name}"


def _parts(table: Table, now_ms: int) -> Iterator[list[Record]]:
    """A large table comes in several records; the last one says so."""
    for start in range(0, max(len(table.rows), 1), ROWS_MAX):
        rows: Sequence[Mapping[str, Any]] = table.rows[start : start + ROWS_MAX]
        data = {
            "table": table.name,
            "rows": rows,
            "digest": table.digest,
            "last": start + ROWS_MAX >= len(table.rows),
        }
        yield [_act("tables_applied", data, now_ms)]


def setting_text(value: object) -> str:
    """As the ledger keeps a setting: the same text for the same settings."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _act(name: str, data: Mapping[str, Any], now_ms: int) -> Record:
    return Record(RecordKind.ACT, name, msgspec.json.encode(data), now_ms)
