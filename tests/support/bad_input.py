"""The table of bad and odd input, with its payloads built."""

import base64
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import device_protocol

TABLE: Final = Path(device_protocol.__file__).parent / "vectors" / "bad_input.json"
ROOT_TOPIC: Final = "evaluators"


class BadInput(NamedTuple):
    """One class of input. `fates` has an entry for each element.

    A fate is `accepted`, `duplicate`, `conflict`, `ignored` or `quarantined:REASON`;
    `codec` is what decoding alone says where the gateway decides more.
    """

    name: str
    topic: str
    payload: bytes
    fates: tuple[str, ...]
    retain: bool
    inject: bool
    codec: str


def load() -> list[BadInput]:
    """The table, in order: later cases refer to earlier ones."""
    return [
        BadInput(
            name=case["class"],
            topic=case["topic"],
            payload=_payload(case),
            fates=tuple(case["fates"]),
            retain=case.get("retain", False),
            inject=case.get("inject", False),
            codec=case.get("codec", ""),
        )
        for case in _table()["cases"]
    ]


def devices() -> dict[str, str]:
    """The lifecycle of each device that the table counts on."""
    known: dict[str, str] = _table()["devices"]
    return known


def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text("utf-8"))
    return table


def _payload(case: dict[str, Any]) -> bytes:
    if "base64" in case:
        return base64.b64decode(case["base64"])
    if "text" in case:
        text: str = case["text"]
        return text.encode()
    parts = (part if isinstance(part, list) else [part, 1] for part in case["parts"])
    return "".join(text * times for text, times in parts).encode()
