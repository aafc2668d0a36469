"""Backups: whether any are made, where to, and what they need there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.app.backup import backups_in
from gateway.app.doctor.findings import Area, Finding
from gateway.settings import Settings

AREA: Final = Area("backup")


def examine(settings: Settings) -> Iterator[Finding]:
    """Findings about `[backup]`; whether the key was exported, `keys` tells."""
    directory = settings.backup.directory
    if directory is None:
        advice = "set directory in [backup], on another disk"
        yield AREA.warn("off", "this machine's disk holds all there is", advice)
        return
    there = _nearest(directory)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        advice = "give our user the directory, or mount it for writing"
        yield AREA.fail("writable", f"{there}: {error.strerror}", advice)
        return
    if there.stat().st_dev == _nearest(settings.gateway.data_dir).stat().st_dev:
        advice = "name a directory on another disk, or copy it away"
        detail = f"{directory} is on the disk of data_dir: both go together"
        yield AREA.warn("disk", detail, advice)
    yield _last(directory, settings)


def _last(directory: Path, settings: Settings) -> Finding:
    whole = backups_in(directory, settings.gateway.id)
    if not whole:
        return AREA.ok("last", f"none in {directory} yet: the first start makes one")
    return AREA.ok("last", f"{len(whole)} in {directory}, the newest {whole[-1].name}")


def _nearest(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
