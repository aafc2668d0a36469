"""The ledger's tables of alerts, but `alert` itself (see `schema`)."""

from typing import Final

ALERTS: Final = """
ALTER TABLE alert ADD COLUMN since_ms INTEGER;     -- patience counts from; NULL: opened
ALTER TABLE alert ADD COLUMN muted_ms INTEGER;     -- nobody is told before
ALTER TABLE alert ADD COLUMN confirmed_by TEXT;
ALTER TABLE alert ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;  -- by a person
CREATE INDEX alert_subject ON alert (cause, subject, id);

CREATE TABLE alert_change (   -- the history of an alert: what happened, who did it
    alert_id INTEGER NOT NULL,
    no INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    what TEXT NOT NULL,
    author TEXT,              -- NULL: the gateway
    text TEXT,
    PRIMARY KEY (alert_id, no)
) WITHOUT ROWID;

CREATE TABLE alert_notice (   -- who was told of which alert
    alert_id INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    state TEXT NOT NULL,      -- told, waiting (for a digest), cleared
    PRIMARY KEY (alert_id, recipient)
) WITHOUT ROWID;
CREATE INDEX alert_notice_recipient ON alert_notice (recipient, state, at_ms);

CREATE TABLE maintenance_window (
    id INTEGER PRIMARY KEY,
    device_id TEXT,
    site TEXT,                -- with those below it
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    reason TEXT,
    author TEXT NOT NULL
);
"""

FOLDED_ALERTS: Final = ("alert_change", "alert_notice", "maintenance_window")
