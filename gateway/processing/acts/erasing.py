"""Erasure of what a rating, or a complaint, says about a person.

The fold empties the ledger's own copies and notes which records of the journal tell the
same; ingest rewrites those and says so (`block_redacted`). Counts, hashes and places
stay as they were.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from device_protocol.identity import HASH_BYTES, split_rating_id
from gateway.acts import RatingEraseAct
from gateway.ledger.erasures import Copy, Erasure
from gateway.places import Place
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.processing.alerting.alerts import announce
from gateway.processing.ratings.finding import find_rating
from gateway.processing.state import State

ERASED: Final = "comment.erased"


def announce_erased(state: State, subject: str, cause: str) -> None:
    """Tell that what was sent of a rating, or complaint, is to be forgotten."""
    stored = find_rating(state, subject)
    if stored is not None and stored.mode != "live":
        return
    complaint = stored is None and state.session_books.complaint(subject) is not None
    name = "complaint_id" if complaint else "rating_id"
    data = {name: subject, "device_id": subject.partition(":")[0], "cause": cause}
    partition = None
    if stored is not None:
        partition = stored.details.get("session_id") or stored.device_id
        if stored.session_no is not None:
            session = state.session_books.of_number(stored.session_no)
            partition = session.key if session is not None else partition
    announce(state, ERASED, subject, data, partition)


def erase(state: State, subject: str, cause: str) -> tuple[int, int]:
    """Erase all that is said with a rating or complaint, and in comments about it.

    Answers how many elements lost their fields, and how many places tell of them.
    """
    copies, rows = state.copies, state.erasures.said_of(subject)
    fresh = [row for row in rows if not state.erasures.knows(row.place)]
    erasures: list[Erasure] = []
    for row in fresh:
        content_hash = _hash_of(state, row.rating_id)
        erasures.append(copies.erasure(row.place, row.rating_id, subject, content_hash))
    state.erasures.forget((one.key_id, one.digest, one.place) for one in erasures)
    for own in dict.fromkeys([subject, *(row.rating_id for row in rows)]):
        erasures += [
            copies.erasure(copy.place, copy.rating_id, subject, copy.content_hash)
            for copy in state.erasures.copies_of(own)
        ]
        state.erasures.drop_copies_of(own)
    for erasure in erasures:
        state.erasures.add(erasure)
    copies.redact_items(erasures)
    if any(row.kept for row in rows):
        announce_erased(state, subject, cause)
    if erasures:
        state.erased = True
    return len(fresh), len(erasures)


def erase_copy(state: State, copy: Copy) -> None:
    """What a refused record said is kept no longer; the journal has forgotten it."""
    one = state.copies.erasure(copy.place, copy.rating_id, "", copy.content_hash)
    state.copies.redact_items([one])
    state.erasures.drop_copy(copy.place)


def _hash_of(state: State, own: str) -> bytes:
    """The hash by which a repetition of an element is known."""
    device_id, event_id = split_rating_id(own)
    holder = state.store.identities.find(event_id, state.by_id[device_id].no)
    return holder.content_hash if holder is not None else bytes(HASH_BYTES)


def _rating_erased(context: Context, act: RatingEraseAct) -> Outcome:
    state, subject = context.state, act.rating_id
    known = (
        find_rating(state, subject) is not None
        or state.session_books.complaint(subject) is not None
        or state.erasures.copies_of(subject)
    )
    if not known:
        raise ActError("not_found", f"no rating or complaint {subject!r}")
    elements, records = erase(state, subject, "request")
    return {"rating_id": subject, "erased": elements, "records": records}


class _BlockRedacted(msgspec.Struct):
    block: int
    places: list[int] = []


def _block_redacted(context: Context, told: _BlockRedacted) -> Outcome:
    """The journal holds these places no more, or never did since it was pruned."""
    places = [one for one in told.places if Place.unpack(one).block == told.block]
    context.state.erasures.redacted(places, context.state.block)
    return {"block": told.block, "records": len(places)}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "rating_erased": handling(RatingEraseAct, _rating_erased),
    "block_redacted": handling(_BlockRedacted, _block_redacted),
}
