"""Tables of proof: draws of spot checks, and sealed months of maintenance."""

from typing import Final

MAINTENANCE: Final = """
CREATE TABLE spot_check (        -- which devices a seed drew
    place INTEGER PRIMARY KEY,
    draw_id TEXT NOT NULL UNIQUE,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,     -- by then they are to be checked
    data TEXT NOT NULL           -- JSON (`gateway.queries.visits.SpotCheckRow`)
);

CREATE TABLE maintenance_statement ( -- a closed month, as it was when it was sealed
    site TEXT NOT NULL,          -- "": all of them
    period TEXT NOT NULL,        -- 2026-11
    author TEXT NOT NULL,
    key_id INTEGER NOT NULL,     -- of the keyring, that signed it
    signature TEXT NOT NULL,     -- hexadecimal, of the digest
    data TEXT NOT NULL,          -- JSON (`…ratings.statements.MaintenanceStatement`)
    PRIMARY KEY (site, period)
) WITHOUT ROWID;
"""

FOLDED_MAINTENANCE: Final = ("spot_check", "maintenance_statement")
