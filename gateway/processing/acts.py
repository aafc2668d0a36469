"""Acts of operators, business systems and our own roles: at most once each.

To add an act: one function and one line in `HANDLERS` of the module of who asks.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.ports import Record
from gateway.processing import acts_of_operators, acts_of_roles, acts_of_settings
from gateway.processing.acting import ActError, Context, Handling, Outcome, read

HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    **acts_of_settings.HANDLERS,
    **acts_of_operators.HANDLERS,
    **acts_of_roles.HANDLERS,
}


class _Asker(msgspec.Struct):
    author: str | None = None
    idempotency_key: str | None = None


_ASKER: Final = msgspec.json.Decoder(_Asker)
_NOBODY: Final = _Asker()


def carry_out(context: Context, record: Record, place: int) -> None:
    """Fold one act: at most once for each author's idempotency key."""
    asker = _NOBODY
    try:
        asker = read(_ASKER, record.payload)
        key, author = asker.idempotency_key, asker.author
        if key is not None and _is_done(context, author, key):
            asker = _Asker(author)
            outcome: Outcome = {"repeated": True}
        else:
            context.place, context.author = place, author
            outcome = _carried(context, record)
    except ActError as error:
        outcome = {"error": error.code, "detail": error.detail}
    _save(context, record, place, asker, outcome)


def _is_done(context: Context, author: str | None, key: str) -> bool:
    return context.state.books.act_of_key(author or "", key) is not None


def _carried(context: Context, record: Record) -> Outcome:
    handling = HANDLERS.get(record.topic)
    if handling is None:
        return {"ignored": "unknown act"}
    return handling.carry(context, read(handling.payload, record.payload))


def _save(
    context: Context, record: Record, place: int, asker: _Asker, outcome: Outcome
) -> None:
    key = asker.idempotency_key
    context.state.books.save_act(
        place,
        record.topic,
        asker.author or ("" if key is not None else None),
        record.received_ms,
        key,
        json.dumps(outcome, ensure_ascii=False),
    )
