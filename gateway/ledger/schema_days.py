"""Tables of days: what devices did, and what became of it (see `schema`)."""

from typing import Final

DAYS: Final = """
ALTER TABLE device_activity ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_activity ADD COLUMN day_accepted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device_health ADD COLUMN pressing TEXT; -- JSON: its counters' current day

CREATE TABLE device_day (    -- local days of its site; the current one is elsewhere
    device_no INTEGER NOT NULL,
    day INTEGER NOT NULL,    -- ordinal
    accepted INTEGER NOT NULL DEFAULT 0,
    other INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    pressed INTEGER,         -- by its key counters, from beat to beat; NULL: none came
    exact INTEGER NOT NULL DEFAULT 1,   -- 0: its counters began anew
    spanned INTEGER NOT NULL DEFAULT 0, -- from the day's last beat to the next one
    taken INTEGER NOT NULL DEFAULT 0,   -- of these, what the day's record took
    seq_to INTEGER,          -- the last number it had given by the day's last beat
    PRIMARY KEY (device_no, day)
) WITHOUT ROWID;

CREATE TABLE reconciliation (
    no INTEGER PRIMARY KEY,
    day INTEGER NOT NULL,
    site TEXT NOT NULL,
    version INTEGER NOT NULL,
    equal INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL,      -- JSON (`gateway.ratings.reconciliation.Reconciliation`)
    UNIQUE (day, site)
);

CREATE INDEX rating_flagged ON rating (device_no, occurred_ms) WHERE flags IS NOT NULL;
CREATE INDEX quarantine_device ON quarantine (device_id, received_ms);
"""

KEPT_NUMBERS: Final = """
ALTER TABLE quarantine ADD COLUMN seq INTEGER; -- its number, where it can be read
"""

SINK_DAYS: Final = """
CREATE TABLE sink_day (      -- up to the end of a day, in all
    day INTEGER NOT NULL,    -- ordinal, in the gateway's zone
    name TEXT NOT NULL,
    addressed INTEGER NOT NULL,         -- by the ledger
    delivered INTEGER, dead INTEGER, owed INTEGER,  -- by the lanes; NULL: not told
    PRIMARY KEY (day, name)
) WITHOUT ROWID;
"""

FOLDED_DAYS: Final = ("device_day", "reconciliation", "sink_day")
