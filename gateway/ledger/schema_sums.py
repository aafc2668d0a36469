"""The ledger's tables of sums over the dimensions of few values."""

from typing import Final

SUMS: Final = """
CREATE TABLE figure_view (       -- what sums are kept by; '' is none
    no INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,       -- by which dimensions (`gateway.ledger.sums.KINDS`)
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    service TEXT NOT NULL,
    medium TEXT NOT NULL,
    part TEXT NOT NULL,          -- as of `figure_key`; shared credit is in none
    UNIQUE (kind, site, department, service, medium, part)
);
CREATE TABLE figure_within (     -- the views that add up a view of the finest kind
    finest INTEGER NOT NULL,
    view INTEGER NOT NULL,
    PRIMARY KEY (finest, view)
) WITHOUT ROWID;
ALTER TABLE figure_key ADD COLUMN finest INTEGER;
CREATE TABLE figure_sum_hour (   -- key: local hour, figure_view, slot; hours over
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_sum_day (
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE figure_sum_month (
    key INTEGER PRIMARY KEY,
    count INTEGER NOT NULL
);
"""

_SAME: Final = " AND ".join(
    f"{{0}}.{name} = {{1}}.{name}"
    for name in ("site", "department", "service", "medium", "part")
)


def _filled(table: str) -> str:
    """What the views by scale add up of hours that were over before there were any."""
    over = "SELECT value FROM state WHERE name = 'figure_hours_over'"
    until = f"(SELECT coalesce(max(value), 0) FROM ({over})) << 36"
    return f"""
INSERT INTO figure_sum_{table}
SELECT (t.key >> 36 << 36) | (w.view << 6) | (t.key & 63) AS sum_key, sum(t.count)
FROM figure_{table} AS t
JOIN figure_key AS k ON k.no = t.key >> 6 & ((1 << 30) - 1)
JOIN figure_within AS w ON w.finest = k.finest
JOIN figure_view AS v ON v.no = w.view AND v.kind >= 16
WHERE EXISTS (SELECT 1 FROM figure_view WHERE kind >= 16)
    {f"AND t.key < {until}" if table == "hour" else ""}
GROUP BY sum_key HAVING sum(t.count) <> 0;
"""


FILL_BY_SCALE: Final = f"""
INSERT INTO figure_view (kind, site, department, service, medium, part, scale)
SELECT DISTINCT v.kind | 16, v.site, v.department, v.service, v.medium, v.part, b.scale
FROM figure_key AS k JOIN binding AS b ON b.no = k.binding AND b.scale <> '5'
JOIN figure_within AS w ON w.finest = k.finest
JOIN figure_view AS v ON v.no = w.view;

INSERT INTO figure_within
SELECT s.no, w.view FROM figure_view AS s
JOIN figure_view AS f ON f.kind = 15 AND {_SAME.format("f", "s")}
JOIN figure_within AS w ON w.finest = f.no
WHERE s.kind = 31;

INSERT INTO figure_within
SELECT w.finest, other.no FROM figure_view AS s
JOIN figure_within AS w ON w.finest = s.no JOIN figure_view AS v ON v.no = w.view
JOIN figure_view AS other ON other.kind = v.kind | 16 AND {_SAME.format("other", "v")}
    AND other.scale = s.scale
WHERE s.kind = 31 AND v.kind < 16;

UPDATE figure_key SET finest = (
    SELECT s.no FROM figure_view AS f, binding AS b, figure_view AS s
    WHERE f.no = finest AND b.no = binding
        AND s.kind = 31 AND {_SAME.format("s", "f")} AND s.scale = b.scale
) WHERE finest IS NOT NULL
    AND binding IN (SELECT no FROM binding WHERE scale <> '5');
{"".join(map(_filled, ("hour", "day", "month")))}
"""

VIEWS_BY_SCALE: Final = f"""
CREATE TABLE figure_view_of (
    no INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    site TEXT NOT NULL,
    department TEXT NOT NULL,
    service TEXT NOT NULL,
    medium TEXT NOT NULL,
    part TEXT NOT NULL,
    scale TEXT NOT NULL DEFAULT '',  -- of views of one scale other than 5
    UNIQUE (kind, site, department, service, medium, part, scale)
);
INSERT INTO figure_view_of SELECT *, '' FROM figure_view;
DROP TABLE figure_view;
ALTER TABLE figure_view_of RENAME TO figure_view;
{FILL_BY_SCALE}
"""

MOMENTS: Final = """
-- What part of an hour counted is read from ratings and sessions themselves.
CREATE INDEX session_counted ON session (look ->> '$[6]') WHERE look IS NOT NULL;
"""

FOLDED_SUMS: Final = (
    "figure_view",
    "figure_within",
    "figure_sum_hour",
    "figure_sum_day",
    "figure_sum_month",
)
