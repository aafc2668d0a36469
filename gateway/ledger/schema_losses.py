"""The table of events known to be lost (see `schema`)."""

from typing import Final

LOSSES: Final = """
CREATE TABLE loss (          -- gaps in the numbers of a device, and where each counts
    no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    key INTEGER NOT NULL     -- of the hour (`figure_hour`) in which it came to light
);
CREATE INDEX loss_device ON loss (device_no, no);
"""

EPOCHS: Final = """
ALTER TABLE loss ADD COLUMN former INTEGER NOT NULL DEFAULT 0; -- 1: numbers begin anew
"""

FOLDED_LOSSES: Final = ("loss",)
