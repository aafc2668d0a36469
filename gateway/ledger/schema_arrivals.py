"""What leads from a moment to the ratings that were pressed then (see `schema`)."""

from typing import Final

SLICE_MS: Final = 300_000
"""Ratings are sought by when they came, in slices of five minutes."""

LATE: Final = f"abs(r.received_ms - r.occurred_ms) > {SLICE_MS}"
"""A rating that came another time than it was pressed; those have an index."""

ARRIVALS: Final = f"""
-- An index on the moment of every rating would cost it a microsecond. Most come when
-- they are pressed and are found by where those lie that came then; others are indexed.
CREATE INDEX rating_late ON rating (occurred_ms)
    WHERE abs(received_ms - occurred_ms) > {SLICE_MS};
CREATE TABLE arrival (       -- between which places the ratings of a slice lie
    slice INTEGER PRIMARY KEY, -- of received_ms
    first_place INTEGER NOT NULL,
    last_place INTEGER NOT NULL
);
INSERT INTO arrival SELECT received_ms / {SLICE_MS}, min(place), max(place) FROM rating
    WHERE place >= 0 GROUP BY 1;
"""

FOLDED_ARRIVALS: Final = ("arrival",)
