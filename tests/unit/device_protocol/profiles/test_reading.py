"""Foreign payloads become the messages that the native reader would have given."""

import json

import msgspec
import pytest

from device_protocol.codec import decode
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Cleared, Complaint, Presence, Rating
from device_protocol.profiles import (
    ChannelMapping,
    ItemMapping,
    Profile,
    Scale,
    TimeFormat,
    profile_reader,
)
from device_protocol.topics import Channel

NATIVE = {
    "v": 1,
    "event_id": "ev-00000001",
    "level": 5,
    "occurred_at": "2026-11-21T10:00:00+08:00",
}


def payload(body: object, charset: str = "utf-8") -> bytes:
    return json.dumps(body, ensure_ascii=False).encode(charset)


def profile(charset: str = "utf-8", **mapping: object) -> Profile:
    channel = msgspec.convert(mapping, ChannelMapping)
    return Profile(charset=charset, channels={"rating": channel})


def read(made: Profile, body: object, charset: str = "utf-8") -> Rating:
    message = profile_reader(made, Channel.RATING)("d", payload(body, charset))
    assert isinstance(message, Rating)
    return message


def refused(made: Profile, body: object) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(made, body)
    return caught.value


def test_a_profile_without_rules_reads_as_the_native_reader() -> None:
    assert read(Profile(), NATIVE) == decode(Channel.RATING, "d", payload(NATIVE))


def test_other_names_and_another_charset_give_the_same_hash() -> None:
    made = profile("gb18030", fields={"event_id": "号", "level": "分", "comment": "话"})

    foreign = read(
        made, {"号": "ev-00000001", "分": 4, "话": "等太久"}, charset="gb18030"
    )

    native = {"v": 1, "event_id": "ev-00000001", "level": 4, "comment": "等太久"}
    assert foreign == decode(Channel.RATING, "d", payload(native))


def test_bytes_that_are_not_of_the_charset_are_refused_whole() -> None:
    with pytest.raises(ProtocolError, match="not gb18030, byte 0") as caught:
        profile_reader(profile("gb18030"), Channel.RATING)("d", b"\xff{}")

    assert caught.value.reason is Reason.NOT_UTF8


def test_a_payload_beyond_its_bound_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError) as caught:
        profile_reader(profile("gb18030"), Channel.RATING)("d", b" " * 61_441)

    assert caught.value.reason is Reason.TOO_LARGE


def test_elements_of_an_array_are_judged_alone_and_keep_their_own_bytes() -> None:
    made = profile("gb18030", fields={"comment": "话"})
    reader = profile_reader(made, Channel.RATING)
    # The second byte of some characters is a bracket, a brace or a backslash.
    tricky = "".join(
        char
        for char in map(chr, range(0x4E00, 0x9FA5))
        if char.encode("gb18030")[1:] in {b"[", b"\\", b"{", b"}", b"]"}
    )[:100]
    bodies = [NATIVE | {"话": tricky}, {"v": 1, "level": 9}, NATIVE | {"v": 2}]

    messages = reader("d", payload(bodies, "gb18030"))
    parts = reader.split(payload(bodies, "gb18030"))

    assert isinstance(messages, list)
    first, second, third = messages
    assert isinstance(first, Rating)
    assert first.comment == tricky
    assert isinstance(second, ProtocolError)
    assert isinstance(third, ProtocolError)
    assert third.reason is Reason.UNSUPPORTED_VERSION
    assert [json.loads(part.decode("gb18030")) for part in parts] == bodies
    assert reader("d", parts[0]) == first


def test_an_empty_array_is_an_empty_list() -> None:
    assert profile_reader(Profile(), Channel.RATING)("d", b"[]") == []


def test_a_presence_is_one_object_and_may_be_cleared() -> None:
    made = Profile(
        channels={
            "presence": ChannelMapping(fields={"state": "st"}, constants={"v": 1})
        }
    )
    reader = profile_reader(made, Channel.PRESENCE)

    message = reader("d", b'{"st":"online","model":"E5"}')

    assert reader("d", b"") == Cleared()
    assert isinstance(message, Presence)
    assert (message.state, message.model) == ("online", "E5")
    with pytest.raises(ProtocolError, match="array"):
        reader("d", b"[]")


def test_a_mapped_name_hides_the_field_of_that_own_name() -> None:
    made = profile(fields={"session_id": "level", "level": "score"})

    rating = read(made, NATIVE | {"level": "A0042", "score": 2})

    assert (rating.session_id, rating.level) == ("A0042", 2)


def test_without_own_names_only_what_is_listed_is_read() -> None:
    made = profile(own_names=False, fields={"event_id": "id", "level": "mark"})

    rating = read(made, {"id": "ev-00000001", "mark": 3, "mode": "x", "level": "y"})

    assert (rating.level, rating.mode, rating.unknown_fields) == (3, "live", 2)


def test_fields_are_found_inside_objects_and_joined_from_several() -> None:
    made = Profile(
        channels={
            "rating": ChannelMapping(
                fields={"level": "data.score", "occurred_at": ("date", "time")}
            )
        },
        time=TimeFormat(formats=("%d.%m.%Y %H:%M",)),
    )
    body = {
        "v": 1,
        "event_id": "ev-00000001",
        "data": {"score": 2},
        "date": "21.11.2026",
        "time": "10:00",
    }

    rating = read(made, body)

    assert (rating.level, rating.claimed_local) == (2, "20261121100000")


def test_items_with_other_names_are_read_by_the_scale() -> None:
    made = Profile(
        channels={"rating": ChannelMapping(item=ItemMapping(code="q", level="a"))},
        scale=Scale(name="3", labels={"good": 5, "fair": 3, "bad": 1}),
    )

    rating = read(
        made, NATIVE | {"level": "good", "items": [{"q": "speed", "a": "bad"}]}
    )

    assert [(item.code, item.level) for item in rating.items] == [("speed", 1)]
    stranger = NATIVE | {"level": "good", "items": [{"q": "speed", "a": "awful"}]}
    assert refused(made, stranger).reason is Reason.UNKNOWN_LEVEL


def test_a_level_off_the_scale_is_unknown_and_names_the_event() -> None:
    made = Profile(scale=Scale(name="4", labels={"满意": 4, "不满意": 2}))

    error = refused(made, NATIVE | {"level": "一般"})

    assert (error.reason, error.event_id) == (Reason.UNKNOWN_LEVEL, "ev-00000001")
    assert error.detail == "level: '一般' is not on the scale 4"


def test_graver_faults_show_before_an_unknown_level() -> None:
    made = Profile(scale=Scale(labels={"满意": 4}))

    error = refused(made, NATIVE | {"level": "一般", "v": 3})

    assert error.reason is Reason.UNSUPPORTED_VERSION


def test_values_are_hashed_as_they_were_sent() -> None:
    plain = profile(texts=("employee_id",))
    renamed = profile(texts=("employee_id",), values={"mode": {"T": "test"}})
    body = NATIVE | {"employee_id": 7, "mode": "T"}

    rating = read(renamed, body)

    assert (rating.employee_id, rating.mode) == ("7", "test")
    same = NATIVE | {"employee_id": 7.0, "mode": "T", "v": 1}
    assert read(renamed, same).content_hash == rating.content_hash
    assert refused(plain, body).reason is Reason.SCHEMA


def test_a_constant_stands_only_for_what_was_not_sent_and_is_not_hashed() -> None:
    made = profile(constants={"origin": "staff_proxy"})

    assert read(made, NATIVE).origin == "staff_proxy"
    assert read(made, NATIVE | {"origin": "customer"}).origin == "customer"
    assert read(made, NATIVE).content_hash == read(Profile(), NATIVE).content_hash


class TestDerivedIds:
    def test_of_boot_and_seq(self) -> None:
        made = Profile(event_ids="boot_seq")
        body = {"v": 1, "level": 5, "boot_id": "b-1f", "seq": 12}

        rating = read(made, body)

        assert (rating.event_id, rating.derived_id) == ("s:b-1f:12", True)

    def test_an_id_that_was_sent_is_taken(self) -> None:
        rating = read(Profile(event_ids="boot_seq"), NATIVE)

        assert (rating.event_id, rating.derived_id) == ("ev-00000001", False)

    @pytest.mark.parametrize("body", [{"seq": 1}, {"boot_id": "b"}, {"boot_id": ""}])
    def test_what_they_rest_on_must_be_there(self, body: dict[str, object]) -> None:
        made = Profile(event_ids="boot_seq")

        error = refused(made, {"v": 1, "level": 5, **body})

        assert error.reason is Reason.SCHEMA
        assert "boot_id and seq" in error.detail

    def test_of_content_and_time_are_the_same_for_a_resend(self) -> None:
        made = Profile(event_ids="content")
        body = {"v": 1, "level": 5, "occurred_at": 1_795_226_400}

        first, again = read(made, body), read(made, body | {"retry": 1, "seq": 9})

        assert first.event_id == again.event_id
        assert first.event_id.startswith("h:")
        assert first.content_hash == again.content_hash

    def test_fractions_of_a_local_second_tell_presses_apart(self) -> None:
        form = TimeFormat(formats=("%Y-%m-%d %H:%M:%S.%f",))
        made = Profile(event_ids="content", time=form)
        times = [f"2026-11-21 10:00:00.{fraction}" for fraction in (125, 250)]

        ids = {read(made, {"level": 5, "occurred_at": at}).event_id for at in times}

        assert len(ids) == 2

    def test_of_content_without_a_time_are_refused(self) -> None:
        error = refused(Profile(event_ids="content"), {"v": 1, "level": 5})

        assert "occurred_at, or boot_id and uptime_ms" in error.detail

    def test_of_content_take_the_uptime_for_a_time(self) -> None:
        made = Profile(event_ids="content")
        body = {"v": 1, "level": 5, "boot_id": "b", "uptime_ms": 4}

        later = read(made, body | {"uptime_ms": 5}).event_id

        assert read(made, body).event_id != later


def test_other_channels_are_read_as_well() -> None:
    made = Profile(
        event_ids="boot_seq",
        channels={
            "complaint": ChannelMapping(
                fields={"category": "kind", "contact.value": "tel"},
                constants={"contact.kind": "phone"},
                values={"category": {"1": "service"}},
            )
        },
    )
    read_complaint = profile_reader(made, Channel.COMPLAINT)

    message = read_complaint(
        "d", b'{"kind":1,"tel":"110","boot_id":"boot","seq":1,"x":1}'
    )

    assert isinstance(message, Complaint)
    assert (message.category, message.event_id) == ("service", "s:boot:1")
    assert message.derived_id
    assert message.contact is not None
    assert message.contact.kind == "phone"
    assert message.unknown_fields == 1
