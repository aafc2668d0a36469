"""The ledger's tables of samples for inspection."""

from typing import Final

SAMPLES: Final = """
CREATE TABLE sample (            -- what was drawn, and how
    place INTEGER PRIMARY KEY,
    sample_id TEXT NOT NULL UNIQUE,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    data TEXT NOT NULL           -- JSON (`gateway.acts.SampleDrawAct`)
);

CREATE TABLE sample_finding (    -- what an inspector found; the last one counts
    sample_id TEXT NOT NULL,
    member TEXT NOT NULL,        -- rating_id, or session_key of an unrated session
    verdict TEXT NOT NULL,       -- matches, differs, exempt
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (sample_id, member)
) WITHOUT ROWID;
"""

FOLDED_SAMPLES: Final = ("sample", "sample_finding")
