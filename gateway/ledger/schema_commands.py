"""The ledger's tables of commands to terminals, and of the settings wanted of them."""

from typing import Final

COMMANDS: Final = """
CREATE TABLE command (
    no INTEGER PRIMARY KEY,
    command_id TEXT NOT NULL UNIQUE,
    device_no INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,          -- asked, sent, accepted, or an outcome
    settled_ms INTEGER,           -- NULL: it is open
    data TEXT NOT NULL            -- JSON (`fleet.commands.course.Command`)
);
CREATE INDEX command_device ON command (device_no, no);
CREATE INDEX command_open ON command (no) WHERE settled_ms IS NULL;

CREATE TABLE twin (               -- the settings wanted of a device
    device_no INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    data TEXT NOT NULL            -- JSON (`fleet.twin.Twin`)
);
"""

FOLDED_COMMANDS: Final = ("command", "twin")
