"""Sites by their need of hands, and windows without a device that works."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

import apsw

from fleet.spans import FOREVER
from fleet.tables import moment_ms
from gateway.ledger.queries.organisation import of_site
from gateway.ledger.queries.zones import terms
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
_WINDOWS: Final = """
SELECT w.key, w.data ->> '$.site' FROM registry_row AS w
WHERE w.kind = 'windows' AND {clause} ORDER BY 2, 1
"""
_SERVING: Final = """
SELECT d.device_id, d.window, d.lifecycle = 'active'
    AND coalesce(p.state IN ('online', 'standby'), 0)
    AND coalesce(h.health, 'ok') <> 'failed'
FROM device AS d
LEFT JOIN device_presence AS p ON p.no = d.no
LEFT JOIN device_health AS h ON h.no = d.no
WHERE d.lifecycle IN ('active', 'maintenance') ORDER BY d.no
"""
_BINDINGS: Final = """
SELECT b.data, coalesce(w.data ->> '$.site', d.site),
    (SELECT value FROM state WHERE name = 'now_ms')
FROM registry_row AS b
LEFT JOIN registry_row AS w ON w.kind = 'windows' AND w.key = b.data ->> '$.window'
LEFT JOIN device AS d ON d.device_id = b.data ->> '$.device_id'
WHERE b.kind = 'bindings'
"""


def ranking(connection: apsw.Connection, subtree: str | None) -> list[SiteNeed]:
    conditions = Conditions()
    conditions.where(of_site("d.site"), subtree)
    sql = _RANKING.format(clause=conditions.clause)
    rows = connection.execute(sql, (*conditions.values, _SITES_MAX))
    return [SiteNeed(*row) for row in rows]


def uncovered(connection: apsw.Connection, subtree: str | None) -> list[WindowCover]:
    """Where a device stands is said by the binding in force, else by its row."""
    conditions = Conditions()
    conditions.where(of_site("w.data ->> '$.site'"), subtree)
    sql = _WINDOWS.format(clause=conditions.clause)
    sites = dict(connection.execute(sql, conditions.values))
    bound = _bound(connection)
    standing: dict[str, list[str]] = {window: [] for window in sites}
    covered = set[str]()
    for device_id, own, works in _serving(connection):
        window = bound.get(device_id, own)
        if window in standing:
            standing[window].append(device_id)
            if works:
                covered.add(window)
    lacking = (
        WindowCover(sites[window], window, tuple(devices))
        for window, devices in standing.items()
        if window not in covered
    )
    return list(islice(lacking, _WINDOWS_MAX))


def vacant(connection: apsw.Connection, site: str) -> list[str]:
    """Windows of a site at which no device stands that may serve."""
    bound = _bound(connection)
    taken = {bound.get(device_id, own) for device_id, own, _ in _serving(connection)}
    rows = connection.execute(
        "SELECT key FROM registry_row WHERE kind = 'windows'"
        " AND data ->> '$.site' = ? ORDER BY key",
        (site,),
    )
    free = (window for (window,) in rows if window not in taken)
    return list(islice(free, _WINDOWS_MAX))


def _serving(connection: apsw.Connection) -> Iterator[tuple[str, str | None, int]]:
    yield from connection.execute(_SERVING)


def _bound(connection: apsw.Connection) -> dict[str, str]:
    """The windows that bindings in force now put devices at."""
    book = terms(connection).book
    found: dict[str, tuple[int, str]] = {}
    for data, site, now_ms in connection.execute(_BINDINGS):
        row = json.loads(data)
        zone = ZoneInfo(book.at(site).rules.time_zone)
        try:
            since_ms = moment_ms(row["from"], zone)
            until_ms = moment_ms(row["to"], zone) if row.get("to") else FOREVER
        except (ValueError, OverflowError, TypeError):
            continue  # files were not always checked
        device_id, window = row["device_id"], row.get("window")
        latest_ms, _ = found.get(device_id, (since_ms, ""))
        if window and latest_ms <= since_ms <= now_ms < until_ms:
            found[device_id] = since_ms, window
    return {device_id: window for device_id, (_, window) in found.items()}
