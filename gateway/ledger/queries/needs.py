"""Sites by their need of hands, and windows without a device that works."""

from typing import Final

import apsw
import msgspec

from gateway.ledger.queries.organisation import of_site
from gateway.queries.needs import SiteNeed, WindowCover
from gateway.reading.paging import Conditions

_SITES_MAX: Final = 1_000
_WINDOWS_MAX: Final = 1_000

# What keeps customers from rating weighs most; alerts are told, and weigh nothing.
_RANKING: Final = """
WITH told AS (
    SELECT d.site, count(*) AS devices,
        sum(coalesce(p.state = 'offline', 0)) AS offline,
        sum(coalesce(p.state = 'stale', 0)) AS stale,
        sum(coalesce(h.health = 'failed', 0)) AS failed,
        sum(coalesce(h.health = 'degraded', 0)) AS degraded
    FROM device AS d
    LEFT JOIN device_presence AS p ON p.no = d.no
    LEFT JOIN device_health AS h ON h.no = d.no
    WHERE d.site IS NOT NULL AND d.lifecycle = 'active' AND {clause}
    GROUP BY d.site
), open AS (
    SELECT site, count(*) AS alerts FROM alert
    WHERE resolved_ms IS NULL AND site IS NOT NULL GROUP BY site
)
SELECT t.site, devices, offline, stale, failed, degraded, coalesce(alerts, 0),
    5 * offline + 4 * failed + 2 * stale + degraded AS need
FROM told AS t LEFT JOIN open AS o ON o.site = t.site
ORDER BY need DESC, t.site LIMIT ?
"""
_COVERAGE: Final = """
SELECT w.data ->> '$.site', w.key, json_group_array(d.device_id) FILTER
    (WHERE d.device_id IS NOT NULL)
FROM registry_row AS w
LEFT JOIN device AS d ON d.window = w.key AND d.lifecycle IN ('active', 'maintenance')
LEFT JOIN device_presence AS p ON p.no = d.no
LEFT JOIN device_health AS h ON h.no = d.no
WHERE w.kind = 'windows' AND {clause}
GROUP BY w.key
HAVING NOT max(coalesce(d.lifecycle = 'active' AND p.state IN ('online', 'standby')
    AND coalesce(h.health, 'ok') <> 'failed', 0))
ORDER BY 1, w.key LIMIT ?
"""
_IDS: Final = msgspec.json.Decoder(tuple[str, ...])


def ranking(connection: apsw.Connection, subtree: str | None) -> list[SiteNeed]:
    conditions = Conditions()
    conditions.where(of_site("d.site"), subtree)
    sql = _RANKING.format(clause=conditions.clause)
    rows = connection.execute(sql, (*conditions.values, _SITES_MAX))
    return [SiteNeed(*row) for row in rows]


def uncovered(connection: apsw.Connection, subtree: str | None) -> list[WindowCover]:
    conditions = Conditions()
    conditions.where(of_site("w.data ->> '$.site'"), subtree)
    sql = _COVERAGE.format(clause=conditions.clause)
    rows = connection.execute(sql, (*conditions.values, _WINDOWS_MAX))
    return [WindowCover(site, window, _IDS.decode(ids)) for site, window, ids in rows]
