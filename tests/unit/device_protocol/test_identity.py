import pytest

from device_protocol.identity import (
    RatingContent,
    canonical,
    content_hash,
    is_event_id,
    rating_id,
    references,
    split_rating_id,
)


@pytest.mark.parametrize("text", ["12345678", "a.b_c:d-e", "x" * 64])
def test_event_id_of_its_alphabet_is_one(text: str) -> None:
    assert is_event_id(text)


@pytest.mark.parametrize("text", ["", "1234567", "x" * 65, "12345678\n", "1234 5678"])
def test_other_text_is_no_event_id(text: str) -> None:
    assert not is_event_id(text)


def test_rating_id_splits_at_the_first_colon() -> None:
    text = rating_id("eval-0001", "s:b-1:12345")
    assert text == "eval-0001:s:b-1:12345"
    assert split_rating_id(text) == ("eval-0001", "s:b-1:12345")


@pytest.mark.parametrize("text", ["", "12345678", ":12345678", "a b:12345678", "a:1"])
def test_what_is_no_rating_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not device_id:event_id"):
        split_rating_id(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("event-0001", (("me", "event-0001"),)),
        ("d-2:event-0001", (("me", "d-2:event-0001"), ("d-2", "event-0001"))),
        ("d-2:" + "e" * 64, (("d-2", "e" * 64),)),
        ("?", ()),
    ],
)
def test_a_reference_may_be_of_this_device_or_name_another(
    text: str, meant: tuple[tuple[str, str], ...]
) -> None:
    assert references("me", text) == meant


def test_canonical_bytes_leave_out_what_was_not_sent() -> None:
    assert canonical(RatingContent(level=5)) == b'{"level":5}'
    assert len(content_hash(RatingContent(level=5))) == 16


def test_canonical_fields_are_in_alphabetical_order() -> None:
    names = RatingContent.__struct_fields__
    assert list(names) == sorted(names)
