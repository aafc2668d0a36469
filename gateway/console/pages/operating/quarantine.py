"""Quarantine: what could not be accepted, its bytes, and another try after a fix."""

import base64
import binascii
from typing import Final

from nicegui import ui

from gateway.console.pages.listing import Column
from gateway.console.pages.operating.leftovers import (
    Item,
    Kind,
    Leftovers,
    detail,
    evidence,
)
from gateway.console.pages.page import Page
from gateway.console.pages.panels.blocks import heading, text_block
from gateway.console.pages.visit import Visit

_QUARANTINE: Final = Kind("/quarantine", of="reason", waiting="held", subject="topic")
_STATES: Final = ("held", "replayed", "purged")
_COLOURS: Final = {"held": "fair", "replayed": "good"}
_ROW_BYTES: Final = 16
_SHOWN_BYTES_MAX: Final = 4096
_PRINTED: Final = range(0x20, 0x7F)


async def build(visit: Visit) -> None:
    Leftovers(visit, _QUARANTINE, _columns(visit), _show)


def _columns(visit: Visit) -> list[Column]:
    words = visit.words
    causes = words.all_of("cause")
    states = {state: words(f"state_{state}") for state in _STATES}
    of_reason = "/quarantine?reason={reason}"
    return [
        Column("id", words("number"), "number"),
        Column("reason", words("reason"), href=of_reason, words=causes),
        detail(visit, "reason", words("detail"), "detail"),
        Column("topic", words("topic")),
        Column("received_at", words("received"), "time"),
        Column("count", words("times"), "number"),
        Column("state", words("state"), "state", "", states, _COLOURS),
    ]


def _show(visit: Visit, found: Item) -> None:
    words = visit.words
    heading(words("bytes_of", number=found["id"]))
    cause = words.known("cause", found["reason"])
    ui.label(f"{found['topic']} · {cause}")
    evidence(visit, found["detail"])
    payload = _bytes(found["payload_base64"])
    if payload is None:
        ui.label(words("no_bytes")).classes("console-quiet")
        return
    text = payload.decode("utf-8", "backslashreplace")[:_SHOWN_BYTES_MAX]
    for name, shown in (
        ("as_text", text),
        ("as_bytes", dumped(payload[:_SHOWN_BYTES_MAX])),
    ):
        ui.label(words(name)).classes("console-quiet")
        text_block(shown, words(name))


def dumped(content: bytes) -> str:
    """Sixteen bytes a line: offset, hexadecimal, and what of it is ASCII."""
    lines = []
    for start in range(0, len(content), _ROW_BYTES):
        row = content[start : start + _ROW_BYTES]
        text = "".join(chr(byte) if byte in _PRINTED else "." for byte in row)
        lines.append(f"{start:04x}  {row.hex(' '):<47}  {text}")
    return "\n".join(lines)


def _bytes(text: str | None) -> bytes | None:
    try:
        return None if text is None else base64.b64decode(text)
    except binascii.Error:
        return None


PAGE: Final = Page("quarantine", _QUARANTINE.path, build, icon="report")
