"""The ledger's table of canaries: how presses of ghosts arrive."""

from typing import Final

CANARIES: Final = """
CREATE TABLE canary (
    site TEXT NOT NULL,
    sink TEXT NOT NULL,          -- "": the journal
    device_id TEXT NOT NULL,     -- of the ghost
    since_ms INTEGER NOT NULL,   -- expected since
    pressed_ms INTEGER,          -- the newest press that arrived, and when it did
    arrived_ms INTEGER,
    late INTEGER NOT NULL,       -- presses in a row that took too long
    health TEXT NOT NULL,        -- waiting, ok, slow, missing
    PRIMARY KEY (site, sink)
) WITHOUT ROWID;
"""

FOLDED_CANARIES: Final = ("canary",)
