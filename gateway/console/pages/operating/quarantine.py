"""Quarantine: what could not be accepted, its bytes, and another try after a fix."""

import base64
import binascii
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.api import Refusal
from gateway.console.pages.dialogs import confirmed
from gateway.console.pages.listing import Act, Column, Listing
from gateway.console.pages.page import Page
from gateway.console.pages.panels.way import heading
from gateway.console.pages.visit import Visit

_STATES: Final = ("held", "replayed", "purged")
_HELD: Final = {"state": ("held",)}
_ROW_BYTES: Final = 16
_SHOWN_BYTES_MAX: Final = 4096
_PRINTED: Final = range(0x20, 0x7F)


class Quarantine:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        words = visit.words
        reason = visit.query.get("reason", "")
        self._list = Listing(
            visit,
            "/quarantine",
            [
                Column("id", words("number"), "number"),
                Column(
                    "reason",
                    words("reason"),
                    href="/quarantine?reason={reason}",
                    words=words.all_of("cause"),
                ),
                Column("detail", words("detail"), "long"),
                Column("topic", words("topic")),
                Column("received_at", words("received"), "time"),
                Column("count", words("times"), "number"),
                Column(
                    "state",
                    words("state"),
                    "state",
                    words={state: words(f"state_{state}") for state in _STATES},
                    colours={"held": "fair", "replayed": "good"},
                ),
            ],
            label=words("page_quarantine"),
            empty=words("empty"),
            acts=self._acts(),
            params={"reason": reason},
        )
        if reason:
            ui.link(words("all"), PAGE.path)
        self._whole = ui.element("section").classes("console-card")
        self._whole.set_visibility(False)

    def _acts(self) -> list[Act]:
        words = self._visit.words
        look = Act("look", words("look"), self._look)
        if not self._visit.may("operate"):
            return [look]
        replay = Act("replay", words("replay"), self._replay, _HELD)
        purge = Act("purge", words("purge"), self._purge, _HELD)
        return [look, replay, purge]

    async def _look(self, item: dict[str, Any]) -> None:
        visit = self._visit
        try:
            found = await visit.api.get(f"/quarantine/{int(item['id'])}")
        except Refusal as refusal:
            visit.refused(refusal)
            return
        payload = _bytes(found["payload_base64"])
        self._whole.set_visibility(True)
        self._whole.clear()
        with self._whole:
            heading(visit.words("bytes_of", number=found["id"]))
            cause = visit.words.known("cause", found["reason"])
            ui.label(f"{found['topic']} · {cause} · {found['detail']}")
            if payload is None:
                ui.label(visit.words("no_bytes")).classes("console-quiet")
                return
            text = payload.decode("utf-8", "backslashreplace")[:_SHOWN_BYTES_MAX]
            _lines(text, visit.words("as_text"))
            _lines(dumped(payload[:_SHOWN_BYTES_MAX]), visit.words("as_bytes"))

    async def _replay(self, item: dict[str, Any]) -> None:
        await self._do("replay", item)

    async def _purge(self, item: dict[str, Any]) -> None:
        question = self._visit.words("purge_why")
        if await confirmed(self._visit, question, topic=str(item["topic"])):
            await self._do("purge", item)

    async def _do(self, what: str, item: dict[str, Any]) -> None:
        body = {"ids": [int(item["id"])]}
        if await self._visit.act(self._visit.api.post(f"/quarantine/{what}", body)):
            self._list.again()


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


def _lines(text: str, label: str) -> None:
    ui.label(label).classes("console-quiet")
    with ui.element("pre").classes("console-bytes").props("tabindex=0") as block:
        block.props["aria-label"] = label
        ui.label(text)


async def build(visit: Visit) -> None:
    Quarantine(visit)


PAGE: Final = Page("quarantine", "/quarantine", build, icon="report")
