"""The ledger's tables of what was erased, and of where else it stands."""

from typing import Final

ERASURES: Final = """
ALTER TABLE personal ADD COLUMN subject TEXT; -- the rating, or complaint, it is about
ALTER TABLE personal ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0; -- when it was kept
-- 0: erased. What the journal has forgotten is folded unsealed, and erased in its turn.
ALTER TABLE personal ADD COLUMN kept INTEGER NOT NULL DEFAULT 1;
UPDATE personal SET subject = rating_id,
    at_ms = coalesce((SELECT value FROM state WHERE name = 'now_ms'), 0);
UPDATE personal SET subject = about.id FROM (
    SELECT r.place AS place,
        iif(instr(r.details ->> '$.comment_for', ':'), '', d.device_id || ':')
        || (r.details ->> '$.comment_for') AS id
    FROM rating AS r JOIN device AS d ON d.no = r.device_no WHERE r.level IS NULL
) AS about WHERE about.place = personal.place AND about.id IS NOT NULL;
CREATE INDEX personal_subject ON personal (subject);
CREATE INDEX personal_kept ON personal (at_ms) WHERE kept;

CREATE TABLE personal_copy (     -- records that say the same again, or were refused
    place INTEGER PRIMARY KEY,
    rating_id TEXT NOT NULL,     -- whose identity they bear
    content_hash BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    about TEXT NOT NULL          -- the rating that it speaks of
);
CREATE INDEX personal_copy_rating ON personal_copy (rating_id);
CREATE INDEX personal_copy_about ON personal_copy (about);
CREATE INDEX personal_copy_at ON personal_copy (at_ms);

CREATE TABLE erasure (           -- elements whose personal fields were erased
    place INTEGER PRIMARY KEY,
    rating_id TEXT NOT NULL,     -- whose identity the element bears
    subject TEXT NOT NULL,       -- what was to be erased
    content_hash BLOB NOT NULL,
    key_id INTEGER NOT NULL,
    digest BLOB NOT NULL,        -- keyed: stands for what was erased
    personal TEXT NOT NULL,      -- JSON: where messages have what is personal
    at_ms INTEGER NOT NULL,
    block INTEGER NOT NULL,      -- in which it was asked for
    redacted INTEGER             -- the block that says that the journal forgot it
);
CREATE INDEX erasure_rating ON erasure (rating_id);
CREATE INDEX erasure_subject ON erasure (subject);
CREATE INDEX erasure_pending ON erasure (place) WHERE redacted IS NULL;
CREATE INDEX erasure_at ON erasure (at_ms);
CREATE INDEX erasure_block ON erasure (block);

CREATE INDEX quarantine_place ON quarantine (place);
"""

FOLDED_ERASURES: Final = ("personal_copy", "erasure")
