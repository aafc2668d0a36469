"""Every class of bad or odd input has the fate that was written down before."""

import pytest

from device_protocol.codec import decode
from device_protocol.errors import ProtocolError
from device_protocol.topics import parse
from tests.support.bad_input import ROOT_TOPIC, BadInput, load

CASES = load()


def fates_of(case: BadInput) -> list[str]:
    """The fates as far as decoding decides them."""
    try:
        address = parse(ROOT_TOPIC, case.topic)
        decoded = decode(address.channel, address.device_id, case.payload)
    except ProtocolError as error:
        return [f"quarantined:{error.reason}"]
    if not isinstance(decoded, list):
        return ["accepted"]
    return [
        f"quarantined:{element.reason}"
        if isinstance(element, ProtocolError)
        else "accepted"
        for element in decoded
    ]


def expected_of(case: BadInput) -> list[str]:
    """The fates written down, without those that only the gateway can decide."""
    if case.codec:
        return [case.codec]
    kept = ("accepted", "duplicate", "conflict")
    fates = ["accepted" if fate in kept else fate for fate in case.fates]
    return [] if case.payload == b"[]" else fates


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_meets_its_fate(case: BadInput) -> None:
    assert fates_of(case) == expected_of(case)


def test_table_holds_at_least_sixty_classes() -> None:
    assert len({case.name for case in CASES}) >= 60
