import pytest

from device_protocol.errors import ProtocolError, Reason
from device_protocol.topics import (
    UPLINK,
    Address,
    Channel,
    is_device_id,
    parse,
    topic,
    uplink_filter,
)

ROOTS = ("evaluators", "city/tax/evaluators")


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("channel", UPLINK)
def test_a_topic_that_is_made_can_be_parsed(root: str, channel: Channel) -> None:
    assert parse(root, topic(root, "d-1", channel)) == Address("d-1", channel)


def test_the_filter_leaves_the_device_open() -> None:
    assert uplink_filter("e", Channel.RATING) == "e/v1/+/rating"


@pytest.mark.parametrize(
    "name",
    [
        *("", "e", "e/v1", "e/v1/d-1", "e/v1/d-1/", "e/v1//rating", "e/v1/d-1/rating/"),
        *("/e/v1/d-1/rating", "e/v2/d-1/rating", "x/v1/d-1/rating", "e/v1/d-1/RATING"),
        *("e/v1/d-1/x/rating", "e/v1/+/rating", "e/v1/d 1/rating", "e/v1/d-1\n/rating"),
        *("e/v1/d-1/command", "e/v1/d-1/config", "e/v1/d-1/receipt"),
    ],
)
def test_anything_else_is_a_bad_topic(name: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse("e", name)
    assert caught.value.reason is Reason.BAD_TOPIC


@pytest.mark.parametrize("text", ["d", "0", "Ab_-9", "d" * 64])
def test_device_ids(text: str) -> None:
    assert is_device_id(text)


@pytest.mark.parametrize("text", ["", "-d", "_d", "d" * 65, "d.1", "d\n", "é"])
def test_no_device_ids(text: str) -> None:
    assert not is_device_id(text)
