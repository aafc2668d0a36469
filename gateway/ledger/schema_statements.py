"""The ledger's tables of sealed months, and of what changed them since."""

from typing import Final

STATEMENTS: Final = """
CREATE TABLE statement (         -- a closed month, as it was when it was sealed
    site TEXT NOT NULL,          -- "": all of them
    period TEXT NOT NULL,        -- 2026-11
    author TEXT NOT NULL,
    data TEXT NOT NULL,          -- JSON (`gateway.ratings.statements.Statement`)
    PRIMARY KEY (site, period)
) WITHOUT ROWID;
"""

STATEMENTS_BY_SCALE: Final = """
ALTER TABLE statement  -- whether its counts tell scales apart: not in older versions
    ADD COLUMN by_scale INTEGER NOT NULL DEFAULT 0;
"""

RESTATEMENTS: Final = """
CREATE TABLE restatement (       -- what changed the counts of a statement since
    site TEXT NOT NULL,          -- of the statement
    period TEXT NOT NULL,
    no INTEGER NOT NULL,         -- rises; what changed again gets a new one
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,          -- late, amended, default, voided, flagged, moved,
                                 -- service
    is_rating INTEGER NOT NULL,
    subject INTEGER NOT NULL,    -- the rating's place, else the session's number
    reason TEXT,                 -- the news of a session
    PRIMARY KEY (site, period, no)
) WITHOUT ROWID;
CREATE UNIQUE INDEX restatement_subject
    ON restatement (site, period, is_rating, subject);
"""

FOLDED_STATEMENTS: Final = ("statement", "restatement")
