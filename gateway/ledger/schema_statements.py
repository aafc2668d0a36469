"""The ledger's table of sealed months."""

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

FOLDED_STATEMENTS: Final = ("statement",)
