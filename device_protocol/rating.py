"""The `rating` channel, judged by hand: one press, or a comment alone.

Every rule of the channel is here, with its reason; `rating_plain` is a shortcut for
what breaks none of them.
"""

from typing import Final, cast
from unicodedata import normalize

from device_protocol import wire
from device_protocol.errors import Reason
from device_protocol.fields import Fields
from device_protocol.identity import (
    ContactContent,
    ItemContent,
    RatingContent,
    content_hash,
    references,
)
from device_protocol.json_text import Element
from device_protocol.levels import parse_level
from device_protocol.limits import (
    ATTRIBUTIONS_MAX,
    CODE_CHARS_MAX,
    COMMENT_CHARS_MAX,
    CONTACT_CHARS_MAX,
    COUNTER_MAX,
    EMPLOYEE_ID_CHARS_MAX,
    ITEMS_MAX,
    KEY_MAX,
    OBJECT_BYTES_MAX,
    RATING_ID_CHARS_MAX,
    REASONS_MAX,
    SESSION_ID_CHARS_MAX,
    SHOWN_CHARS_MAX,
    STAGES,
)
from device_protocol.messages import Contact, Item, Mode, Origin, Rating, Round
from device_protocol.shapes import count_unknown

CONTACT_KINDS: Final = ("phone", "email", "wechat", "other")

_ORIGINS: Final = tuple(origin.value for origin in Origin)
_ROUNDS: Final = tuple(value.value for value in Round)


def judge(device_id: str, element: Element) -> Rating:
    """The rating in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    fields = Fields(element)
    fields.expect_common(device_id)
    event_id = fields.event_id()
    content = _content(fields)
    claim = content.occurred_at
    return Rating(
        event_id=event_id,
        content_hash=content_hash(content),
        level=parse_level(content.level),
        level_raw=_level_raw(fields),
        key=content.key,
        claimed_ms=claim if isinstance(claim, int) else None,
        claimed_local=claim if isinstance(claim, str) else None,
        session_id=content.session_id or None,
        employee_id=content.employee_id or None,
        seq=fields.counter("seq"),
        mode=content.mode or Mode.LIVE.value,
        origin=content.origin or Origin.CUSTOMER.value,
        round=content.round or Round.INITIAL.value,
        stage=content.stage,
        boot_id=fields.boot_id() or None,
        uptime_ms=fields.counter("uptime_ms"),
        sent_uptime_ms=fields.counter("sent_uptime_ms"),
        items=_kept_items(content),
        attributions=content.attributions or (),
        reasons=content.reasons or (),
        comment=normalize("NFC", content.comment) if content.comment else None,
        comment_for=content.comment_for,
        contact=_kept_contact(content),
        amends=content.amends,
        prompt_delay_ms=_evidence(fields, "prompt_delay_ms"),
        key_down_ms=_evidence(fields, "key_down_ms"),
        presses=_evidence(fields, "presses"),
        unknown_fields=count_unknown(fields, wire.Rating),
    )


def _content(fields: Fields) -> RatingContent:
    content = RatingContent(
        amends=_reference(fields, "amends"),
        attributions=fields.texts(
            "attributions", ATTRIBUTIONS_MAX, EMPLOYEE_ID_CHARS_MAX
        ),
        comment=_comment(fields),
        comment_for=_reference(fields, "comment_for"),
        contact=_contact(fields),
        employee_id=fields.text("employee_id", EMPLOYEE_ID_CHARS_MAX),
        items=_items(fields),
        key=fields.integer("key", 0, KEY_MAX),
        mode=fields.mode(),
        occurred_at=fields.claim(),
        origin=fields.choice("origin", _ORIGINS),
        reasons=fields.texts("reasons", REASONS_MAX, CODE_CHARS_MAX),
        round=fields.choice("round", _ROUNDS),
        session_id=fields.text("session_id", SESSION_ID_CHARS_MAX),
        stage=fields.integer("stage", *STAGES),
    )
    content.level = _answer(fields, content)
    return content


def _answer(fields: Fields, content: RatingContent) -> int | str | None:
    """The overall level as sent; None beside a key, and for a comment alone."""
    if content.comment_for is not None:
        if fields.raw("level") is not None or content.key is not None:
            raise fields.error("comment_for: goes with no level and no key")
        if not content.comment:
            raise fields.error("comment_for: goes with a comment")
        return None
    if fields.raw("level") is None and content.key is not None:
        return None
    if not fields.names("level"):
        raise fields.error("level: missing, and no key or comment_for")
    return _level(fields)


def _level(fields: Fields, name: str = "level") -> int | str:
    """A level as sent, its number normalised: 5.0 is 5."""
    raw = fields.raw("level")
    if parse_level(raw) is None:
        shown = repr(raw)[:SHOWN_CHARS_MAX]
        raise fields.error(f"{name}: {shown}", Reason.UNKNOWN_LEVEL)
    return raw if isinstance(raw, str) else int(cast("float", raw))


def _level_raw(fields: Fields) -> int | float | str | None:
    raw = fields.raw("level")
    return raw if isinstance(raw, int | float | str) else None


def _items(fields: Fields) -> tuple[ItemContent, ...] | None:
    values = fields.sequence("items", ITEMS_MAX)
    if values is None:
        return None
    return tuple(_item(fields.part("items", value)) for value in values)


def _item(item: Fields) -> ItemContent:
    code = item.text("code", CODE_CHARS_MAX)
    if code is None:
        raise item.error("items: code missing")
    return ItemContent(code, _level(item, "items: level"))


def _kept_items(content: RatingContent) -> tuple[Item, ...]:
    levels = [(item.code, parse_level(item.level)) for item in content.items or ()]
    return tuple(Item(code, level) for code, level in levels if level is not None)


def _contact(fields: Fields) -> ContactContent | None:
    if fields.raw("contact") is None:
        return None
    contact = fields.part("contact", fields.raw("contact"))
    kind = contact.choice("kind", CONTACT_KINDS)
    value = contact.text("value", CONTACT_CHARS_MAX)
    if kind is None or value is None:
        raise fields.error("contact: kind or value missing")
    return ContactContent(kind, value)


def _kept_contact(content: RatingContent) -> Contact | None:
    sent = content.contact
    return None if sent is None else Contact(sent.kind, sent.value)


def _comment(fields: Fields) -> str | None:
    """A comment as sent; its length is that of its composed form (NFC)."""
    comment = fields.text("comment", OBJECT_BYTES_MAX)
    if comment is not None and len(normalize("NFC", comment)) > COMMENT_CHARS_MAX:
        raise fields.error(f"comment: longer than {COMMENT_CHARS_MAX} characters")
    return comment


def _reference(fields: Fields, name: str) -> str | None:
    text = fields.text(name, RATING_ID_CHARS_MAX)
    if text is not None and not references("", text):
        raise fields.error(f"{name}: neither an event_id nor device_id:event_id")
    return text


def _evidence(fields: Fields, name: str) -> int | None:
    return fields.integer(name, -COUNTER_MAX, COUNTER_MAX)
