"""Tables of availability: since when devices serve and fail, and sums by day."""

from typing import Final

AVAILABILITY: Final = """
CREATE TABLE device_span (       -- what became of a device; 0: of the gateway itself
    device_no INTEGER NOT NULL,
    kind TEXT NOT NULL,          -- service, absent, failed, maintenance; unobserved
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,            -- NULL: it lasts
    PRIMARY KEY (device_no, kind, since_ms)
) WITHOUT ROWID;
CREATE INDEX device_span_open ON device_span (device_no) WHERE until_ms IS NULL;

CREATE TABLE availability_day (  -- a local day of the site where it ended it
    day INTEGER NOT NULL,        -- ordinal
    device_no INTEGER NOT NULL,
    month INTEGER NOT NULL,      -- year * 100 + month
    site TEXT NOT NULL,          -- "": none, as the next two
    model TEXT NOT NULL,
    firmware TEXT NOT NULL,
    required_ms INTEGER NOT NULL,
    down_ms INTEGER NOT NULL,
    maintenance_ms INTEGER NOT NULL,
    unobserved_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    repairs INTEGER NOT NULL,
    repair_ms INTEGER NOT NULL,
    PRIMARY KEY (day, device_no)
) WITHOUT ROWID;

CREATE TABLE inspection_period ( -- what plans asked for, and whether it was done
    device_no INTEGER NOT NULL,
    type TEXT NOT NULL,
    inspection_id TEXT NOT NULL,
    due_day INTEGER NOT NULL,    -- ordinal
    overdue_ms INTEGER NOT NULL,
    done_ms INTEGER,             -- NULL: it is open
    PRIMARY KEY (device_no, type, inspection_id)
) WITHOUT ROWID;
"""

FOLDED_AVAILABILITY: Final = ("device_span", "availability_day", "inspection_period")
