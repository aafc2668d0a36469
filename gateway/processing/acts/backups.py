"""Backups: whether any are made, the last good one, a failure, and a restore."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.processing.acts.acting import Context, Handling, Outcome, handling
from gateway.processing.alerting.alerts import raise_alert, resolve_alert
from gateway.processing.applying import BACKUPS
from gateway.processing.upkeep.backups import (
    BACKUP_FAILED,
    BACKUP_TAKEN,
    SETTING,
    TakenBackup,
)

RESTORED: Final = "restored"
_OFF: Final = "backup_off"
_SUBJECT: Final = "backup"


class _Applied(msgspec.Struct):
    backups: bool


class _Failed(msgspec.Struct):
    reason: str = "it is not known why"


class Restored(msgspec.Struct):
    """`restored`: what was recorded after the backup is not in this journal."""

    name: str
    taken_at: str
    generation: int


def _applied(context: Context, applied: _Applied) -> Outcome:
    text = "on" if applied.backups else "off"
    context.state.books.save_setting(BACKUPS, text, context.place)
    if applied.backups:
        resolve_alert(context.state, _OFF, _SUBJECT, "backups are made")
        return {}
    detail = "no backups are made: this machine's disk holds all there is"
    raise_alert(context.state, _OFF, _SUBJECT, "info", detail)
    resolve_alert(context.state, BACKUP_FAILED, _SUBJECT, "backups are switched off")
    return {}


def _taken(context: Context, taken: TakenBackup) -> Outcome:
    text = msgspec.json.encode(taken).decode()
    context.state.books.save_setting(SETTING, text, context.place)
    resolve_alert(context.state, BACKUP_FAILED, _SUBJECT, f"{taken.name} is good")
    return {}


def _failed(context: Context, failed: _Failed) -> Outcome:
    text = f"no backup could be made: {failed.reason}"
    raise_alert(context.state, BACKUP_FAILED, _SUBJECT, "warning", text)
    return {}


def _restored(context: Context, news: Restored) -> Outcome:
    text = (
        f"restored from the backup {news.name} of {news.taken_at}: what was recorded"
        " after it is gone here, and comes back only if terminals send it again"
    )
    raise_alert(context.state, RESTORED, "journal", "critical", text)
    return {}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "backups_applied": handling(_Applied, _applied),
    BACKUP_TAKEN: handling(TakenBackup, _taken),
    BACKUP_FAILED: handling(_Failed, _failed),
    RESTORED: handling(Restored, _restored),
}
