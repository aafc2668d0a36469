"""The protocol's page: each example is read, each table compared with the code."""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

import jsonschema_rs
import pytest

from device_protocol import downlink
from device_protocol.asyncapi import PASSAGES
from device_protocol.codec import decode
from device_protocol.errors import Reason
from device_protocol.identity import HASH_BYTES
from device_protocol.messages import Rating
from device_protocol.schema import SHAPES, payload_schema
from device_protocol.shapes import UNHASHED
from device_protocol.topics import UPLINK, Channel

PAGE = (Path(__file__).parents[2] / "docs" / "device-protocol.md").read_text("utf-8")
DEVICE = "eval-0001"


class Example(NamedTuple):
    channel: Channel
    payload: bytes


def blocks(info: str) -> list[str]:
    """The text of each fenced block that begins with this word or words."""
    found = re.findall(rf"^( *)```{info}\n(.*?)^\1```$", PAGE, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{space}", "", text, flags=re.MULTILINE) for space, text in found]


def rows(header: str) -> dict[str, list[str]]:
    """The cells of the table under this header, by the first one."""
    _, _, rest = PAGE.partition(f"{header}\n")
    table = rest.split("\n\n")[0].splitlines()[1:]
    cells = [[c.strip() for c in line.strip("| ").split(" | ")] for line in table]
    return {row[0].strip("`*"): row[1:] for row in cells}


EXAMPLES = [
    Example(channel, text.encode())
    for channel in Channel
    for text in blocks(f"json {channel}")
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.channel)
def test_an_example_is_read_with_nothing_unknown_in_it(example: Example) -> None:
    channel, payload = example
    if channel in UPLINK:
        message = decode(channel, DEVICE, payload)
        assert getattr(message, "unknown_fields", None) == 0
    else:
        assert downlink.decode(channel, payload) is not None
    assert jsonschema_rs.is_valid(payload_schema(channel), json.loads(payload))


def test_every_channel_has_an_example_and_no_block_is_forgotten() -> None:
    assert {example.channel for example in EXAMPLES} == set(Channel)
    assert len(EXAMPLES) == PAGE.count("```json ")


def test_the_hash_is_computed_as_the_page_says() -> None:
    canonical = blocks("text canonical")[0].rstrip("\n").encode()
    digest = hashlib.sha256(canonical).hexdigest()
    first = decode(Channel.RATING, DEVICE, EXAMPLES[0].payload)
    assert isinstance(first, Rating)
    assert blocks("text sha256")[0].strip() == digest
    assert f"these {len(canonical)} bytes" in PAGE
    assert f"`{digest[: 2 * HASH_BYTES]}`" in PAGE
    assert first.content_hash.hex() == digest[: 2 * HASH_BYTES]


def test_the_table_of_topics_is_true() -> None:
    table = rows("| channel | direction | QoS | retained | payload |")
    assert list(table) == list(Channel)
    for channel, (direction, qos, retained, payload) in table.items():
        passage = PASSAGES[Channel(channel)]
        assert direction == ("up" if channel in UPLINK else "down")
        assert str(passage.qos) in qos
        assert retained == ("yes" if passage.retain else "no")
        several = "anyOf" in payload_schema(Channel(channel))
        assert ("array" in payload) is several


def test_the_table_of_hashed_fields_is_true() -> None:
    table = rows("| message | fields |")
    for message, (fields,) in table.items():
        covered = set(SHAPES[Channel(message)].__struct_fields__) - UNHASHED
        covered -= {"prompt_delay_ms", "key_down_ms", "presses"}
        assert set(fields.split(", ")) == covered, message


def test_every_reason_code_says_what_a_terminal_does() -> None:
    table = rows("| reason | it means | a terminal |")
    assert sorted(table) == sorted(Reason)
