"""The ledger's tables, as numbered migrations.

Places are packed (`gateway.places`), times are milliseconds, JSON is text. Columns
that later rules fill stand here from the first schema, so that they migrate nothing.
Tables in `FOLDED` are a function of the journal alone; the outbox may be pruned.
"""

from typing import Final

from gateway.ledger.schema_alerts import ALERTS, FOLDED_ALERTS
from gateway.ledger.schema_arrivals import ARRIVALS, FOLDED_ARRIVALS
from gateway.ledger.schema_availability import AVAILABILITY, FOLDED_AVAILABILITY
from gateway.ledger.schema_canaries import CANARIES, FOLDED_CANARIES
from gateway.ledger.schema_commands import COMMANDS, FOLDED_COMMANDS
from gateway.ledger.schema_days import DAYS, FOLDED_DAYS, KEPT_NUMBERS, SINK_DAYS
from gateway.ledger.schema_erasures import ERASURES, FOLDED_ERASURES
from gateway.ledger.schema_inspections import (
    FOLDED_INSPECTIONS,
    INSPECTIONS,
    PRESS_TESTS,
)
from gateway.ledger.schema_losses import EPOCHS, FOLDED_LOSSES, LOSSES
from gateway.ledger.schema_maintenance import FOLDED_MAINTENANCE, MAINTENANCE
from gateway.ledger.schema_presses import FOLDED_PRESSES, PRESSES
from gateway.ledger.schema_samples import FOLDED_SAMPLES, SAMPLES
from gateway.ledger.schema_sessions import DISPUTES, FOLDED_SESSIONS, SESSIONS
from gateway.ledger.schema_statements import (
    FOLDED_STATEMENTS,
    RESTATEMENTS,
    STATEMENTS,
    STATEMENTS_BY_SCALE,
)
from gateway.ledger.schema_sums import FOLDED_SUMS, MOMENTS, SUMS, VIEWS_BY_SCALE
from gateway.ledger.schema_targets import FOLDED_TARGETS, TARGETS

_STATE = """
CREATE TABLE state (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE fate (
    name TEXT NOT NULL,      -- accepted, duplicate, conflict, quarantined, …
    rule TEXT NOT NULL,      -- the reason code or the rule that ignored it
    elements INTEGER NOT NULL,
    PRIMARY KEY (name, rule)
) WITHOUT ROWID;

CREATE TABLE setting (       -- rules, profiles, calendars, … in force, each a record
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    place INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE act (           -- operators', business systems' and our own acts
    place INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    author TEXT,
    at_ms INTEGER NOT NULL,
    idempotency_key TEXT,
    outcome TEXT             -- JSON: what it changed, or why it was refused
);
CREATE UNIQUE INDEX act_idempotency ON act (author, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE timer (         -- on the journal's time
    due_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (due_ms, kind, subject)
) WITHOUT ROWID;

CREATE TABLE alert (
    id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,
    subject TEXT NOT NULL,   -- device, sink or gateway part it is about
    device_id TEXT,
    site TEXT,
    severity TEXT NOT NULL,
    text TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    resolved_ms INTEGER,
    state TEXT NOT NULL,     -- open, confirmed, snoozed, resolved
    count INTEGER NOT NULL,
    version INTEGER NOT NULL
);
CREATE UNIQUE INDEX alert_open ON alert (cause, subject) WHERE resolved_ms IS NULL;
"""

_FLEET = """
CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    device_id TEXT NOT NULL UNIQUE,
    lifecycle TEXT NOT NULL, -- pending, active, maintenance, retired, refused
    hw_serial TEXT,
    model TEXT,
    profile TEXT,
    site TEXT,
    window TEXT,
    labels TEXT,
    installed_at TEXT,
    first_seen_ms INTEGER,
    presence TEXT            -- JSON: what its last birth, will or goodbye said
);

CREATE TABLE device_activity (
    no INTEGER PRIMARY KEY,
    last_seen_ms INTEGER,
    last_rating_ms INTEGER,
    boot_id TEXT,
    last_seq INTEGER,
    missing TEXT,            -- JSON: ranges of seq known to be lost
    missing_count INTEGER NOT NULL,
    tokens REAL NOT NULL,
    refilled_ms INTEGER NOT NULL,
    deferred INTEGER NOT NULL
);

CREATE TABLE registry_row (  -- sites, departments, windows, employees, bindings, …
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;

CREATE TABLE deferred (      -- beyond a device's bucket: kept in the journal's order
    place INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    flags INTEGER NOT NULL
);
CREATE INDEX deferred_device ON deferred (device_no, place);
"""

_RATINGS = """
CREATE TABLE binding (       -- where ratings counted; with it a point's tags are fixed
    no INTEGER PRIMARY KEY,
    site TEXT, department TEXT, window TEXT,
    scale TEXT NOT NULL,
    medium TEXT NOT NULL,
    employee_tag INTEGER NOT NULL
);

CREATE TABLE rating (
    place INTEGER PRIMARY KEY,
    ordinal INTEGER NOT NULL,
    device_no INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    session_no INTEGER,
    binding INTEGER NOT NULL,
    level INTEGER,           -- NULL: a comment alone
    level_raw TEXT,          -- JSON, as sent
    occurred_ms INTEGER NOT NULL,
    claimed_ms INTEGER,
    received_ms INTEGER NOT NULL,
    time_quality TEXT NOT NULL,
    origin TEXT NOT NULL,
    mode TEXT NOT NULL,
    round TEXT NOT NULL,
    employee_id TEXT,
    seq INTEGER,
    version INTEGER NOT NULL,
    effective INTEGER NOT NULL,
    flags TEXT,              -- JSON array
    amends TEXT,             -- rating_id
    details TEXT,            -- JSON: items, reasons, attributions, evidence
    void TEXT                -- JSON: reason, by, at
);

CREATE TABLE session (
    no INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    site TEXT NOT NULL,
    stage INTEGER NOT NULL,  -- 0: none
    n INTEGER NOT NULL,
    began_ms INTEGER NOT NULL,
    business_date TEXT,
    state TEXT NOT NULL,
    device_no INTEGER,
    department TEXT, window TEXT, employee_id TEXT, service_code TEXT,
    opened_ms INTEGER, invited_ms INTEGER, ended_ms INTEGER,
    deadline_ms INTEGER, amend_until_ms INTEGER,
    estimated INTEGER NOT NULL DEFAULT 0,
    eligible INTEGER, unrated_reason TEXT,
    provisional INTEGER NOT NULL DEFAULT 0,
    followup_due_ms INTEGER, rectify_due_ms INTEGER,
    effective_place INTEGER,
    ratings TEXT NOT NULL,   -- JSON array of places: the set the state is a function of
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX session_scope ON session (session_id, site, stage);

CREATE TABLE session_event ( -- opened, invited, ended, …: the other half of the set
    session_no INTEGER NOT NULL,
    place INTEGER NOT NULL,
    action TEXT NOT NULL,
    occurred_ms INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (session_no, place)
) WITHOUT ROWID;

CREATE TABLE personal (      -- comments and contacts, sealed apart
    place INTEGER PRIMARY KEY,
    rating_id TEXT NOT NULL,
    key_id INTEGER NOT NULL,
    sealed BLOB,             -- NULL: erased
    digest BLOB NOT NULL
);
"""

_QUEUES = """
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    fingerprint BLOB NOT NULL UNIQUE,
    place INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    topic TEXT NOT NULL,
    device_id TEXT,
    event_id TEXT,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB,            -- NULL: purged
    received_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    count INTEGER NOT NULL,
    state TEXT NOT NULL      -- quarantined, held, replayed, purged
);
CREATE INDEX quarantine_held ON quarantine (device_id, id) WHERE state = 'held';

CREATE TABLE outbox (        -- one row a block: its events packed
    block INTEGER PRIMARY KEY,
    appended_ms INTEGER NOT NULL,
    events INTEGER NOT NULL,
    totals TEXT NOT NULL,    -- JSON: events addressed to each sink up to this row
    body BLOB NOT NULL
);

CREATE TABLE sink (          -- a sink's filter in force from (block, index) on
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    events TEXT NOT NULL,
    since_block INTEGER NOT NULL,
    since_index INTEGER NOT NULL,
    removed INTEGER NOT NULL
);
CREATE TABLE sink_addressed (
    name TEXT PRIMARY KEY,
    events INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE subject_version ( -- versions of events that are not about a rating
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (type, subject)
) WITHOUT ROWID;
"""

_IDENTITIES = """
CREATE TABLE identity_period (
    no INTEGER PRIMARY KEY,
    since_ms INTEGER NOT NULL,
    event_id_max TEXT NOT NULL DEFAULT ''  -- known once the period is closed
);
"""

_DEVICE_HEALTH = """
CREATE TABLE device_health (
    no INTEGER PRIMARY KEY,
    vitals TEXT NOT NULL     -- JSON: the latest figures, what they tell of its clock
);

CREATE TABLE device_report ( -- what a device answered: self-tests, replies to commands
    device_no INTEGER NOT NULL,
    kind TEXT NOT NULL,      -- selftest, reply
    place INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL,      -- JSON
    PRIMARY KEY (device_no, kind, place)
) WITHOUT ROWID;
"""

_PRESENCE = """
CREATE TABLE device_presence (
    no INTEGER PRIMARY KEY,
    state TEXT NOT NULL,     -- unseen, online, stale, offline, standby, …
    since_ms INTEGER NOT NULL,
    flapping INTEGER NOT NULL,
    watch TEXT NOT NULL      -- JSON: all that is remembered of it
);

ALTER TABLE alert ADD COLUMN devices TEXT; -- JSON array: those of a group
"""

_FINDINGS = """
ALTER TABLE device_health ADD COLUMN findings TEXT; -- JSON: the memory of its rules
ALTER TABLE device_health ADD COLUMN health TEXT NOT NULL DEFAULT 'ok';
ALTER TABLE device_activity ADD COLUMN ratings INTEGER NOT NULL DEFAULT 0;
"""

TIMER_OF: Final = "kind <> 'session'"
"""In questions for timers by kind: those of sessions are many, and asked by time."""
_TIMERS: Final = f"""
CREATE INDEX timer_of ON timer (kind, subject) WHERE {TIMER_OF};
"""
_NO_SESSIONS: Final = """
DELETE FROM timer WHERE kind = 'session' AND subject = 'None'; -- they ended the fold
UPDATE duty SET closed = 1 WHERE closed = 0 AND kind = 'followup'
    AND (SELECT session_no FROM rating AS r WHERE r.place = duty.place) IS NULL;
"""

MIGRATIONS: Final = (
    _STATE + _FLEET + _RATINGS + _QUEUES + _IDENTITIES,
    _DEVICE_HEALTH,
    SESSIONS,
    _PRESENCE,
    _FINDINGS,
    INSPECTIONS,
    LOSSES,
    PRESS_TESTS,
    SAMPLES,
    STATEMENTS,
    ALERTS,
    DAYS,
    SINK_DAYS,
    ERASURES,
    SUMS,
    PRESSES,
    TARGETS,
    MOMENTS,
    AVAILABILITY,
    DISPUTES,
    MAINTENANCE,
    ARRIVALS,
    CANARIES,
    COMMANDS,
    RESTATEMENTS,
    EPOCHS,
    _TIMERS,
    STATEMENTS_BY_SCALE,
    KEPT_NUMBERS,
    VIEWS_BY_SCALE,
    _NO_SESSIONS,
)

IDENTITY_TABLE: Final = """
CREATE TABLE IF NOT EXISTS identity_{no} (
    event_id TEXT NOT NULL,
    device_no INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (event_id, device_no)
) WITHOUT ROWID
"""

FOLDED: Final = (
    "state",
    "fate",
    "setting",
    "act",
    "timer",
    "alert",
    "device",
    "device_activity",
    "device_health",
    "device_presence",
    "device_report",
    "registry_row",
    "deferred",
    "binding",
    "rating",
    "session",
    "session_event",
    "quarantine",
    "sink",
    "sink_addressed",
    "subject_version",
    "identity_period",
    *FOLDED_SESSIONS,
    *FOLDED_LOSSES,
    *FOLDED_SAMPLES,
    *FOLDED_STATEMENTS,
    *FOLDED_SUMS,
    *FOLDED_INSPECTIONS,
    *FOLDED_ALERTS,
    *FOLDED_DAYS,
    *FOLDED_TARGETS,
    *FOLDED_ERASURES,
    *FOLDED_PRESSES,
    *FOLDED_AVAILABILITY,
    *FOLDED_MAINTENANCE,
    *FOLDED_ARRIVALS,
    *FOLDED_CANARIES,
    *FOLDED_COMMANDS,
)
