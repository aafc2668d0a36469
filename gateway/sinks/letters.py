"""Notices of alerts as letters that people read."""

import hashlib
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

import msgspec

from gateway.events import cloud_id
from gateway.ports import Event

SUBJECT_CHARS_MAX: Final = 120
_ID_CHARS: Final = 32


class _Alert(msgspec.Struct):
    alert_id: int
    cause: str
    severity: str
    text: str
    opened_at: str
    state: str = "open"
    device_id: str | None = None
    site: str | None = None
    resolved_at: str | None = None


class _Notice(msgspec.Struct):
    recipient: str
    notice: str
    alerts: list[_Alert]
    more: int = 0


_NOTICE: Final = msgspec.json.Decoder(_Notice)
_FIRST: Final = {
    "escalated": "Nobody has confirmed this in time.",
    "digest": "Many alerts came together.",
    "resolved": "This is over.",
}


def letter(event: Event, gateway_id: str, sender: str, to: Sequence[str]) -> bytes:
    """The letter of a notice; sent twice, it has the same Message-ID twice."""
    notice = _NOTICE.decode(event.data)
    name = cloud_id(event)
    digest = hashlib.sha256(f"{gateway_id}:{name}".encode()).hexdigest()[:_ID_CHARS]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = _subject(notice)
    message["Date"] = formatdate(event.time_ms / 1000)
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Evalgate-Notice"] = name
    message.set_content(_body(notice, gateway_id), cte="base64")
    return bytes(message)


def _subject(notice: _Notice) -> str:
    first, count = notice.alerts[0], len(notice.alerts) + notice.more
    said = first.text if count == 1 else f"{count} alerts"
    if notice.notice == "resolved":
        head = "resolved"
    elif count > 1:
        head = "alerts"
    else:
        head = first.severity
        if notice.notice == "escalated":
            head = f"{head}, not confirmed"
    return " ".join(f"[{head}] {said}".split())[:SUBJECT_CHARS_MAX]


def _body(notice: _Notice, gateway_id: str) -> str:
    parts = [_FIRST[notice.notice]] if notice.notice in _FIRST else []
    parts += [_about(alert) for alert in notice.alerts]
    if notice.more:
        parts.append(f"… and {notice.more} more.")
    standing = [alert for alert in notice.alerts if alert.state == "open"]
    if len(standing) == 1:
        number = standing[0].alert_id
        parts.append(f"Seen? evalgate alerts confirm {number}")
    elif standing:
        parts.append("All of them: evalgate alerts list --state open")
    parts.append(f"-- \nevalgate, gateway {gateway_id}, for {notice.recipient}")
    return "\n\n".join(parts) + "\n"


def _about(alert: _Alert) -> str:
    where = [f"device {alert.device_id}"] if alert.device_id else []
    where += [f"site {alert.site}"] if alert.site else []
    times = f"since {alert.opened_at}"
    if alert.resolved_at:
        times = f"{times}, over since {alert.resolved_at}"
    about = ", ".join([f"alert {alert.alert_id} ({alert.cause})", *where, times])
    return f"{alert.severity}: {' '.join(alert.text.split())}\n  {about}"
