"""The ledger's table of missed targets."""

from typing import Final

TARGETS: Final = """
CREATE TABLE target_miss (       -- told once for each period and revision of rules
    no INTEGER PRIMARY KEY,
    period TEXT NOT NULL,        -- 2026-11-21, 2026-W47, 2026-11
    figure TEXT NOT NULL,
    scope TEXT NOT NULL,         -- JSON, by dimension
    rules TEXT NOT NULL,         -- the revision of rules
    at_least TEXT NOT NULL,
    value TEXT NOT NULL,
    n INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    UNIQUE (period, figure, scope, rules, at_least)
);
"""

FOLDED_TARGETS: Final = ("target_miss",)
