"""Tables of sessions, follow-ups, complaints and figures (see `schema`)."""

from typing import Final

SESSIONS: Final = """
-- what a session was last looked at with, as JSON; NULL: one usual rating alone
ALTER TABLE session ADD COLUMN look TEXT;
ALTER TABLE session ADD COLUMN default_place INTEGER;
ALTER TABLE session ADD COLUMN due_ms INTEGER;  -- its timer's
DROP INDEX session_scope;
CREATE INDEX session_scope ON session (session_id, site, stage, began_ms);

CREATE INDEX session_awaiting ON session (deadline_ms) WHERE state = 'awaiting';

CREATE INDEX session_event_place ON session_event (place);

CREATE TABLE session_terms ( -- rules and calendar that sessions were looked at under
    no INTEGER PRIMARY KEY,
    rules TEXT NOT NULL,
    calendar TEXT NOT NULL
);

CREATE TABLE waiting (       -- ratings without the session that they require
    site TEXT NOT NULL,
    session_id TEXT NOT NULL,
    stage INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (site, session_id, stage, place)
) WITHOUT ROWID;
CREATE INDEX waiting_place ON waiting (place);

CREATE TABLE complaint (
    place INTEGER PRIMARY KEY,
    complaint_id TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL,
    session_id TEXT,
    device_no INTEGER NOT NULL,
    binding INTEGER NOT NULL,
    employee_id TEXT,
    category TEXT NOT NULL,
    occurred_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
);

CREATE TABLE awaited (       -- what an amendment amends that has not come yet
    rating_id TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    session_id TEXT NOT NULL,
    stage INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE duty (          -- what is owed to a customer, and until when
    place INTEGER PRIMARY KEY, -- of the rating, or the complaint
    subject TEXT NOT NULL,   -- rating_id, or the complaint's id
    kind TEXT NOT NULL,      -- followup, complaint
    since_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL, -- contact, or reply
    rectify_due_ms INTEGER,
    contacted_ms INTEGER, fixed_ms INTEGER, confirmed_ms INTEGER,
    closed INTEGER NOT NULL
);

CREATE TABLE step (          -- contacted, fixed, confirmed
    place INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    by TEXT NOT NULL,
    note TEXT
);
CREATE INDEX step_subject ON step (subject);

CREATE TABLE dispute (
    rating_id TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    outcome TEXT,            -- kept, voided; NULL: not decided yet
    decided_by TEXT,
    decided_ms INTEGER
) WITHOUT ROWID;

CREATE TABLE figure_key (    -- what figures are counted by
    no INTEGER PRIMARY KEY,
    binding INTEGER NOT NULL,
    device_no INTEGER NOT NULL,
    employee TEXT NOT NULL,
    service TEXT NOT NULL,
    part TEXT NOT NULL,      -- "": whole, else item:CODE, reason:CODE, shared:EMPLOYEE
    UNIQUE (binding, device_no, employee, service, part)
);
CREATE TABLE figure_hour (   -- key: local hour, figure_key, slot (`gateway.figures`)
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_day (    -- the same by local day
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_month (  -- and by month: the year's number times 12, and the month
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
"""

DISPUTES: Final = """
ALTER TABLE dispute ADD COLUMN author TEXT; -- who brought it forward
ALTER TABLE dispute ADD COLUMN ruling TEXT; -- the reason of the decision
"""

FOLDED_SESSIONS: Final = (
    "session_terms",
    "waiting",
    "awaited",
    "complaint",
    "duty",
    "step",
    "dispute",
    "figure_key",
    "figure_hour",
    "figure_day",
    "figure_month",
)
