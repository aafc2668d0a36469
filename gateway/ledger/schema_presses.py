"""What presses are compared with: those before them, and the sessions of a window."""

from typing import Final

PRESSES: Final = """
CREATE TABLE press (         -- the last presses of a device without a session number
    device_no INTEGER NOT NULL,
    place INTEGER NOT NULL,
    occurred_ms INTEGER NOT NULL,
    key INTEGER NOT NULL,    -- the physical one, else the level
    PRIMARY KEY (device_no, place)
) WITHOUT ROWID;

CREATE INDEX session_opened ON session (site, window, opened_ms)
    WHERE opened_ms IS NOT NULL;
"""

FOLDED_PRESSES: Final = ("press",)
