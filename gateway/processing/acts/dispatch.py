"""Acts of operators, business systems and our own roles: at most once each.

To add an act: one function and one line in `HANDLERS` of the module of who asks.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.acts import KEY_LIFE_MS, KEY_REUSED, KEYS_MAX, REQUEST, digest_of
from gateway.ports import Record
from gateway.processing.acts import (
    alerts,
    backups,
    commands,
    erasing,
    inspections,
    maintenance,
    operators,
    people,
    quality,
    roles,
    samples,
    settings,
    statements,
)
from gateway.processing.acts.acting import ActError, Context, Handling, Outcome, read

HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    **settings.HANDLERS,
    **operators.HANDLERS,
    **people.HANDLERS,
    **alerts.HANDLERS,
    **quality.HANDLERS,
    **inspections.HANDLERS,
    **maintenance.HANDLERS,
    **commands.HANDLERS,
    **samples.HANDLERS,
    **statements.HANDLERS,
    **roles.HANDLERS,
    **backups.HANDLERS,
    **erasing.HANDLERS,
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
        if _is_done(context, asker, record):
            asker = _Asker(asker.author)
            outcome: Outcome = {"repeated": True}
        else:
            context.place, context.author = place, asker.author
            outcome = _carried(context, record)
    except _KeyReusedError as error:
        asker = _Asker(asker.author)
        outcome = {"error": error.code, "detail": error.detail}
    except ActError as error:
        outcome = {"error": error.code, "detail": error.detail}
    if asker.idempotency_key is not None:
        outcome[REQUEST] = digest_of(record.topic, record.payload)
    _save(context, record, place, asker, outcome)


class _KeyReusedError(ActError):
    """The key belongs to another request, which keeps it."""


def _is_done(context: Context, asker: _Asker, record: Record) -> bool:
    """Whether the same was asked for before; keys that are too old are forgotten.

    Raises:
        _KeyReusedError: something else was asked for under this key.
    """
    if asker.idempotency_key is None:
        return False
    books = context.state.books
    known = books.act_of_key(asker.author or "", asker.idempotency_key)
    if known is None:
        books.forget_keys(KEYS_MAX, KEYS_MAX // 10)
        return False
    if known.at_ms + KEY_LIFE_MS <= record.received_ms:
        books.forget_key(known.place)
        return False
    request = json.loads(known.outcome).get(REQUEST)
    if request not in {None, digest_of(record.topic, record.payload)}:
        detail = "another request came under this key: take a new one"
        raise _KeyReusedError(KEY_REUSED, detail)
    return True


def _carried(context: Context, record: Record) -> Outcome:
    handling = HANDLERS.get(record.topic)
    if handling is None:
        return {"ignored": "unknown act"}
    outcome = handling.carry(context, read(handling.payload, record.payload))
    context.state.follow_moves()
    return outcome


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
