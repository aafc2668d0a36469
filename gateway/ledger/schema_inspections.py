"""The ledger's tables of inspections."""

from typing import Final

INSPECTIONS: Final = """
CREATE TABLE inspection_plan (    -- as people wrote them
    plan_id TEXT PRIMARY KEY,
    data TEXT NOT NULL            -- JSON (`fleet.inspections.plans.Plan`)
) WITHOUT ROWID;

CREATE TABLE inspection (         -- the open period of a device under each plan
    no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    type TEXT NOT NULL,           -- inspection, clean
    plan_id TEXT NOT NULL,
    plan TEXT NOT NULL,           -- JSON, as it holds
    since_ms INTEGER NOT NULL,    -- from when it holds
    presses_since INTEGER NOT NULL,
    presses INTEGER NOT NULL,     -- by all counters, over their wraps and resets
    counters TEXT NOT NULL,       -- JSON array: as last seen
    reached_ms INTEGER,           -- when the presses made it due
    state TEXT NOT NULL,          -- not_due, due_soon, due, overdue
    next_due_ms INTEGER,
    view TEXT NOT NULL,           -- JSON (`fleet.inspections.news.View`)
    UNIQUE (device_no, type)
);

CREATE TABLE inspection_record (
    place INTEGER PRIMARY KEY,
    record_id TEXT NOT NULL,
    device_no INTEGER NOT NULL,
    finished_ms INTEGER,
    presses INTEGER NOT NULL,     -- when it was entered, as the next
    reached_ms INTEGER,
    data TEXT NOT NULL            -- JSON (`fleet.inspections.records.Record`)
);
CREATE INDEX inspection_record_device ON inspection_record (device_no, finished_ms);
"""

PRESS_TESTS: Final = """
CREATE TABLE press_test (
    test_id TEXT PRIMARY KEY,
    device_no INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    data TEXT NOT NULL            -- JSON (`fleet.press_test.PressTest`)
) WITHOUT ROWID;
CREATE INDEX press_test_device ON press_test (device_no, started_ms);
"""

FOLDED_INSPECTIONS: Final = (
    "inspection_plan",
    "inspection",
    "inspection_record",
    "press_test",
)
