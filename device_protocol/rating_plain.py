"""The shortcut for ratings without peculiarities: one step of a compiled decoder.

It accepts less than `rating.judge` and never refuses: None means "judge by hand".
What it accepts, `judge` accepts with the same result (a property test holds this).
"""

import hashlib
from typing import Annotated, Final, Literal
from unicodedata import normalize

import msgspec
from msgspec import Meta

from device_protocol import wire
from device_protocol.identity import (
    HASH_BYTES,
    ItemContent,
    RatingContent,
    content_hash,
    match_event_id,
)
from device_protocol.levels import parse_level
from device_protocol.limits import (
    ATTRIBUTIONS_MAX,
    BOOT_ID_CHARS_MAX,
    COMMENT_CHARS_MAX,
    ELEMENTS_MAX,
    ITEMS_MAX,
    LEVEL_CHARS_MAX,
    LEVEL_MAX,
    LEVEL_MIN,
    OBJECT_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    REASONS_MAX,
)
from device_protocol.messages import Item, Rating
from device_protocol.plain import BACKSLASH, any_too_large, plain_claim
from device_protocol.timestamps import quick_claim
from device_protocol.wire import Code, Counter, EmployeeId, Evidence, Key, SessionId

_Level = (
    Annotated[int, Meta(ge=LEVEL_MIN, le=LEVEL_MAX)]
    | Annotated[str, Meta(max_length=LEVEL_CHARS_MAX)]
)


class _Item(ItemContent, forbid_unknown_fields=True, gc=False):
    code: Code
    level: _Level


class _Plain(wire.Event, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A rating as it stands in JSON; what is rare is left out, and so not plain."""

    level: _Level | None = None
    key: Key | None = None
    items: Annotated[tuple[_Item, ...], Meta(max_length=ITEMS_MAX)] | None = None
    session_id: SessionId | None = None
    stage: Literal[1, 2] | None = None
    employee_id: EmployeeId | None = None
    attributions: (
        Annotated[tuple[EmployeeId, ...], Meta(max_length=ATTRIBUTIONS_MAX)] | None
    ) = None
    reasons: Annotated[tuple[Code, ...], Meta(max_length=REASONS_MAX)] | None = None
    comment: Annotated[str, Meta(max_length=COMMENT_CHARS_MAX)] | None = None
    round: Literal["initial", "followup"] | None = None
    origin: Literal["customer", "device_timeout", "staff_proxy"] | None = None
    prompt_delay_ms: Evidence | None = None
    key_down_ms: Evidence | None = None
    presses: Evidence | None = None


class _Usual(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """What most ratings are made of: the fewer fields, the quicker."""

    v: Literal[1]
    event_id: str
    occurred_at: str
    level: Annotated[int, Meta(ge=LEVEL_MIN, le=LEVEL_MAX)]
    session_id: Annotated[SessionId, Meta(min_length=1)]
    device_id: str | None = None
    boot_id: Annotated[str, Meta(max_length=BOOT_ID_CHARS_MAX)] | None = None
    seq: Counter | None = None
    employee_id: EmployeeId | None = None
    buffered: bool | None = None
    retry: Evidence | None = None


class _UsualContent(msgspec.Struct, omit_defaults=True, gc=False):
    """`RatingContent` of a usual rating: the same bytes."""

    employee_id: str | None = None
    level: int | None = None
    occurred_at: int | str | None = None
    session_id: str | None = None


_decode_usual: Final = msgspec.json.Decoder(_Usual).decode
_encode: Final = msgspec.json.Encoder().encode
_sha256: Final = hashlib.sha256
_decode_many_usual: Final = msgspec.json.Decoder(
    Annotated[list[_Usual], Meta(max_length=ELEMENTS_MAX)]
).decode
_decode_one: Final = msgspec.json.Decoder(_Plain).decode
_decode_many: Final = msgspec.json.Decoder(
    Annotated[list[_Plain], Meta(max_length=ELEMENTS_MAX)]
).decode


def read_one(device_id: str, payload: bytes) -> Rating | None:
    """The rating in a payload, or None when it has to be judged by hand."""
    # Without an escape no string can hold NUL, a lone surrogate or a quote.
    if len(payload) > OBJECT_BYTES_MAX or BACKSLASH in payload:
        return None
    try:
        usual = _decode_usual(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _read_plain(device_id, payload)
    return _from_usual(device_id, usual)


def _read_plain(device_id: str, payload: bytes) -> Rating | None:
    try:
        plain = _decode_one(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return _rating(device_id, plain)


def read_many(device_id: str, payload: bytes) -> list[Rating] | None:
    """The ratings in an array when all of them are plain, else None."""
    if len(payload) > PAYLOAD_BYTES_MAX or BACKSLASH in payload:
        return None
    try:
        ratings = _read_elements(device_id, payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if any_too_large(payload):
        return None
    found = [rating for rating in ratings if rating is not None]
    return found if len(found) == len(ratings) else None


def _read_elements(device_id: str, payload: bytes) -> list[Rating | None]:
    try:
        usual = _decode_many_usual(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [_rating(device_id, plain) for plain in _decode_many(payload)]
    return [_from_usual(device_id, one) for one in usual]


def _from_usual(device_id: str, usual: _Usual) -> Rating | None:
    event_id, level = usual.event_id, usual.level
    if match_event_id(event_id) is None or (
        usual.device_id != device_id and usual.device_id is not None
    ):
        return None
    try:
        claim = quick_claim(usual.occurred_at)
    except ValueError:
        return None
    session_id, employee_id = usual.session_id, usual.employee_id
    content = _encode(_UsualContent(employee_id, level, claim, session_id))
    # By position: keywords would cost a microsecond here.
    return Rating(
        event_id,
        _sha256(content).digest()[:HASH_BYTES],
        level,
        level,
        None,  # key
        claim if claim.__class__ is int else None,
        claim if claim.__class__ is str else None,
        session_id,
        employee_id or None,
        usual.seq,
        usual.boot_id or None,
        True,  # noqa: FBT003 -- by position: usual
    )


def _rating(device_id: str, plain: _Plain) -> Rating | None:
    raw = plain.level
    level = raw if isinstance(raw, int) else parse_level(raw)
    if (
        match_event_id(plain.event_id) is None
        or (plain.device_id is not None and plain.device_id != device_id)
        or (level is None and (raw is not None or plain.key is None))
        or (plain.items is not None and not _are_known(plain.items))
    ):
        return None
    try:
        claim = plain_claim(plain.occurred_at)
    except ValueError:
        return None
    comment = plain.comment
    if comment is not None:
        comment = normalize("NFC", comment)
        if len(comment) > COMMENT_CHARS_MAX:
            return None
    return _kept(plain, level, claim, comment)


def _are_known(items: tuple[_Item, ...]) -> bool:
    return all(parse_level(item.level) is not None for item in items)


def _kept(
    plain: _Plain, level: int | None, claim: int | str | None, comment: str | None
) -> Rating:
    # By position: keywords would cost a microsecond here.
    content = RatingContent(
        None,  # amends
        plain.attributions,
        plain.comment,
        None,  # comment_for
        None,  # contact
        plain.employee_id,
        plain.items,
        plain.key,
        plain.level,
        plain.mode,
        claim,
        plain.origin,
        plain.reasons,
        plain.round,
        plain.session_id,
        plain.stage,
    )
    return Rating(
        plain.event_id,
        content_hash(content),
        level,
        plain.level,
        plain.key,
        claim if isinstance(claim, int) else None,
        claim if isinstance(claim, str) else None,
        plain.session_id or None,
        plain.employee_id or None,
        plain.seq,
        plain.boot_id or None,
        False,  # noqa: FBT003 -- by position: usual
        plain.mode or "live",
        plain.origin or "customer",
        plain.round or "initial",
        plain.stage,
        plain.uptime_ms,
        plain.sent_uptime_ms,
        _kept_items(plain.items) if plain.items else (),
        plain.attributions or (),
        plain.reasons or (),
        comment or None,
        None,  # comment_for
        None,  # contact
        None,  # amends
        plain.prompt_delay_ms,
        plain.key_down_ms,
        plain.presses,
    )


def _kept_items(items: tuple[_Item, ...]) -> tuple[Item, ...]:
    levels = [(item.code, parse_level(item.level)) for item in items]
    return tuple(Item(code, level) for code, level in levels if level is not None)
