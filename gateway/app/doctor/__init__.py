"""Examines what a gateway stands on before, or while, it runs; changes nothing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from gateway.app.doctor import (
    backend,
    backups,
    broker,
    clock,
    configuration,
    disk,
    influxdb,
    recipients,
)
from gateway.app.doctor.findings import Area, Finding, Level
from gateway.app.paths import Paths
from gateway.settings import Settings

__all__ = ["Area", "Examination", "Finding", "Level", "examinations"]

Examination = AsyncIterator[Finding]
"""The findings of one area; each ends by itself, by the deadlines of its settings."""


def examinations(settings: Settings, config: Path) -> Iterator[Examination]:
    """One for each part, in the order of a message's path."""
    yield _at_once(configuration.AREA, configuration.examine(settings, config))
    yield _at_once(disk.AREA, disk.examine(Paths(settings)))
    yield _at_once(backups.AREA, backups.examine(settings))
    yield _at_once(clock.AREA, clock.examine())
    yield broker.examine(settings.broker)
    for influx in settings.influxdb:
        yield influxdb.examine(influx, settings.retention.rating_days)
    for hook in settings.backend:
        yield backend.examine(hook, settings.gateway.id)
    for reader in settings.recipients:
        yield recipients.examine(reader, settings.gateway.id)


async def _at_once(area: Area, findings: Iterator[Finding]) -> Examination:
    try:
        for finding in findings:
            yield finding
    except OSError as error:  # another user's files
        advice = "run doctor as the user who runs the gateway"
        yield area.fail("access", f"{error.filename}: {error.strerror}", advice)
