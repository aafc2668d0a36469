"""What people decide about ratings: voids, disputes, and steps for customers."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from gateway.acts import NOBODY, DecisionAct, DisputeAct, RatingVoidAct, StepAct
from gateway.ledger.ratings import Stored
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)
from gateway.processing.ratings.complaints import Complaints
from gateway.processing.ratings.finding import find_rating
from gateway.ratings.facts import Dispute, Step
from gateway.ratings.objections import (
    decision_refusal,
    dispute_refusal,
    void_refusal,
)


def _found(context: Context, rating_id: str) -> Stored:
    stored = find_rating(context.state, rating_id)
    if stored is None or stored.level is None:
        raise ActError("not_found", f"no rating {rating_id!r}")
    return stored


def _refuse(refusal: str | None) -> None:
    if refusal is not None:
        raise ActError("conflict", refusal)


def _concerned(stored: Stored) -> Collection[str]:
    """Whom a rating is credited to."""
    shared = stored.details.get("attributions", ())
    return {one for one in (stored.employee_id, *shared) if one}


def _rating_voided(context: Context, act: RatingVoidAct) -> Outcome:
    stored = _found(context, act.rating_id)
    refusal = void_refusal(act.rating_id, act.author, act.reason)
    if refusal is not None:
        raise ActError("invalid", refusal)
    if stored.void is not None:
        raise ActError("conflict", "the rating is void already")
    context.changing.declare_void(stored, act.reason, act.author)
    return {"rating_id": stored.rating_id}


def _rating_disputed(context: Context, act: DisputeAct) -> Outcome:
    stored = _found(context, act.rating_id)
    rating_id, concerned = stored.rating_id, _concerned(stored)
    if not act.reason.strip():
        raise ActError("invalid", f"to dispute {rating_id} give a reason")
    by = act.employee_id or stored.employee_id or act.author
    books = context.state.session_books
    known = books.disputes([rating_id])
    _refuse(dispute_refusal(rating_id, by, concerned or {by}, known))
    author = None if act.author == NOBODY else act.author
    dispute = Dispute(rating_id, by, act.reason, context.state.now_ms, author=author)
    context.changing.note(stored, lambda: books.save_dispute(dispute))
    return {"rating_id": rating_id, "by": by, "state": "open"}


def _dispute_decided(context: Context, act: DecisionAct) -> Outcome:
    stored = _found(context, act.rating_id)
    rating_id, state = stored.rating_id, context.state
    books = state.session_books
    known = books.disputes([rating_id])
    _refuse(decision_refusal(rating_id, act.author, _concerned(stored), known))
    (dispute,) = known
    decided = Dispute(
        rating_id,
        dispute.by,
        dispute.reason,
        dispute.at_ms,
        act.outcome,
        act.author,
        state.now_ms,
        dispute.author,
        act.reason,
    )
    context.changing.note(stored, lambda: books.save_dispute(decided))
    if act.outcome == "voided" and stored.void is None:
        context.changing.declare_void(
            _found(context, rating_id), act.reason, act.author
        )
    return {"rating_id": rating_id, "state": act.outcome}


def _followup_step(context: Context, act: StepAct) -> Outcome:
    stored = _found(context, act.subject)
    state = context.state
    books = state.session_books
    if books.duty(stored.place) is None:
        raise ActError("not_found", f"{stored.rating_id} needs no follow-up")
    step = Step(stored.rating_id, act.step, state.now_ms, act.author)
    place = context.place
    context.changing.note(stored, lambda: books.add_step(place, step, act.note))
    return {"rating_id": stored.rating_id, "step": act.step}


def _complaint_step(context: Context, act: StepAct) -> Outcome:
    state = context.state
    step = Step(act.subject, act.step, state.now_ms, act.author)
    if not Complaints(state).take_step(context.place, step, act.note):
        raise ActError("not_found", f"no complaint {act.subject!r}")
    return {"complaint_id": act.subject, "step": act.step}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "rating_voided": handling(RatingVoidAct, _rating_voided),
    "rating_disputed": handling(DisputeAct, _rating_disputed),
    "dispute_decided": handling(DecisionAct, _dispute_decided),
    "followup_step_taken": handling(StepAct, _followup_step),
    "complaint_step_taken": handling(StepAct, _complaint_step),
}
