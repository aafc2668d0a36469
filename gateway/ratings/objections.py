"""Who may dispute, decide and void a rating: the refusal in one line, or none.

Source: rating rules, "Session lifecycle". A rating is disputed by the employee that it
concerns, and decided by somebody else; a void needs a reason and an author.
"""

from collections.abc import Collection, Iterable

from gateway.ratings.facts import Dispute


def dispute_refusal(
    rating_id: str, by: str, concerned: Collection[str], disputes: Iterable[Dispute]
) -> str | None:
    """Why an employee may not dispute a rating; `concerned` are credited with it."""
    if by not in concerned:
        return f"{rating_id} does not concern {by}: only who is credited may dispute it"
    if any(one.rating_id == rating_id for one in disputes):
        return f"{rating_id} has been disputed before"
    return None


def decision_refusal(
    rating_id: str, by: str, concerned: Collection[str], disputes: Iterable[Dispute]
) -> str | None:
    """Why somebody may not decide the dispute of a rating."""
    open_dispute = next((one for one in disputes if one.rating_id == rating_id), None)
    if open_dispute is None:
        return f"{rating_id} is not disputed"
    if open_dispute.outcome is not None:
        return f"the dispute of {rating_id} has been decided: {open_dispute.outcome}"
    if by in {open_dispute.by, open_dispute.author} or by in concerned:
        return f"{by} is concerned by {rating_id}: somebody else must decide"
    return None


def void_refusal(rating_id: str, by: str, reason: str) -> str | None:
    """Why a rating may not be declared void."""
    if not reason.strip():
        return f"to declare {rating_id} void give a reason"
    if not by.strip():
        return f"to declare {rating_id} void say who does"
    return None
