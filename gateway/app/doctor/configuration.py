"""The configuration beyond its syntax: what it names, keys, secrets, time zone."""

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gateway.app import recovery
from gateway.app.aims import refuse_strangers
from gateway.app.doctor.findings import Area, Finding
from gateway.app.exposure import refuse_exposure
from gateway.app.wanted import wanted
from gateway.errors import PermanentError
from gateway.sealing import key_ids
from gateway.settings import Settings, SettingsError
from gateway.settings.pending import without_effect

AREA: Final = Area("configuration")
KEYS: Final = Area("keys")
_OTHERS: Final = stat.S_IRWXO


def broken(error: SettingsError) -> Iterator[Finding]:
    """A finding a fault, where nothing else can be examined."""
    for problem in error.problems:
        yield AREA.fail("file", problem, "correct it; `evalgate check` says when it is")


def examine(settings: Settings, config: Path) -> Iterator[Finding]:
    yield from _file(settings, config)
    for missing in settings.absent_tables():
        advice = "put it there, or take the key out"
        yield AREA.warn("tables", missing, advice)
    for idle in without_effect(settings):
        yield AREA.warn("without_effect", idle, "take the key out for now")
    if not settings.sinks:
        advice = "configure [[influxdb]] or [[backend]]: ratings stay in the ledger"
        yield AREA.warn("sinks", "no sink is configured", advice)
    yield _time_zone(settings.rules.time_zone)
    yield from keys(settings.gateway.keyring_file)


def _file(settings: Settings, config: Path) -> Iterator[Finding]:
    try:
        made = wanted(settings)
        refuse_strangers(settings, made.tables)
        refuse_exposure(settings)
    except SettingsError as error:
        yield from broken(error)
    except PermanentError as error:
        yield from broken(SettingsError(str(error)))
    else:
        counts = f"{len(made.tables)} tables, {len(settings.sinks)} sinks"
        yield AREA.ok("file", f"{config} can be used: {counts}")
    if "password" in config.read_text("utf-8") and _others_read(config):
        advice = f"chmod 640 {config}, or move secrets to files (…_file)"
        yield AREA.warn("secrets", f"every user may read {config}", advice)


def _others_read(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS)


def _time_zone(name: str) -> Finding:
    now = datetime.now(ZoneInfo(name))
    return AREA.ok("time_zone", f"{name}, where it is {now:%Y-%m-%d %H:%M} now")


def keys(keyring: Path) -> Iterator[Finding]:
    """Whether what is stored can be read after this machine is gone."""
    if not keyring.exists():
        advice = "`evalgate keys export FILE` after the first start, and keep it apart"
        yield KEYS.warn("keyring", f"{keyring} is made at the first start", advice)
        return
    try:
        ids = key_ids(keyring)
    except PermanentError as error:
        what, _, advice = str(error).rpartition(": ")
        yield KEYS.fail("keyring", what, advice)
        return
    yield KEYS.ok("keyring", f"{keyring}: key {ids[-1]} of {len(ids)} seals")
    yield _recovery(keyring, ids)


def _recovery(keyring: Path, ids: list[int]) -> Finding:
    saved = recovery.saved(keyring)
    if missing := [key_id for key_id in ids if key_id not in saved.key_ids]:
        which = ", ".join(map(str, missing))
        advice = "`evalgate keys export FILE`: without it nothing stored can be read"
        return KEYS.warn("recovery", f"key {which} was never exported", advice)
    if _on_same_disk(keyring, Path(saved.file)):
        advice = (
            "move it to another machine or into a safe: it opens all that is stored"
        )
        return KEYS.warn("recovery", f"the copy still lies at {saved.file}", advice)
    return KEYS.ok("recovery", "every key was exported")


def _on_same_disk(keyring: Path, copy: Path) -> bool:
    return copy.exists() and copy.stat().st_dev == keyring.stat().st_dev
