"""The ledger's tables of sums over the dimensions of few values."""

from typing import Final

SUMS: Final = """
CREATE TABLE figure_view (       -- what sums are kept by; '' is none
    no INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,       -- by which dimensions (`gateway.ledger.sums.KINDS`)
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    service TEXT NOT NULL,
    medium TEXT NOT NULL,
    part TEXT NOT NULL,          -- as of `figure_key`; shared credit is in none
    UNIQUE (kind, site, department, service, medium, part)
);
CREATE TABLE figure_within (     -- the views that add up a view of the finest kind
    finest INTEGER NOT NULL,
    view INTEGER NOT NULL,
    PRIMARY KEY (finest, view)
) WITHOUT ROWID;
ALTER TABLE figure_key ADD COLUMN finest INTEGER;
CREATE TABLE figure_sum_hour (   -- key: local hour, figure_view, slot; hours over
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_sum_day (
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_sum_month (
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
"""

MOMENTS: Final = """
-- What part of an hour counted is read from ratings and sessions themselves.
CREATE INDEX session_counted ON session (look ->> '$[6]') WHERE look IS NOT NULL;
"""

FOLDED_SUMS: Final = (
    "figure_view",
    "figure_within",
    "figure_sum_hour",
    "figure_sum_day",
    "figure_sum_month",
)
