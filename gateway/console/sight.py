"""What a caller may see: everything, a site and those below it, or what is its own."""

from http import HTTPStatus

import msgspec

from gateway.console.callers import Caller, whole_gateway
from gateway.console.problems import ProblemError, not_found
from gateway.queries import LedgerQueries
from gateway.queries.rows import DeviceRow, RatingDetail, SessionDetail


class Sight:
    """Each method asks the ledger, which knows how sites lie."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger

    def sees(self, caller: Caller, site: str | None) -> bool:
        return caller.site is None or self._ledger.within(site, caller.site)

    def show(self, caller: Caller, site: str | None, what: str) -> None:
        """Raises ProblemError, as if there were no such thing, when it is outside."""
        if not self.sees(caller, site):
            raise not_found(what)

    def device(self, caller: Caller, device_id: str) -> DeviceRow:
        """Raises ProblemError when there is none that the caller may see."""
        what = f"device {device_id}"
        row = self._ledger.device(device_id)
        if row is None:
            raise not_found(what)
        self.show(caller, row.site, what)
        return row

    def rating(self, caller: Caller, rating_id: str) -> RatingDetail:
        """By `device_id:event_id`, or by an event_id alone when it is unique.

        Raises ProblemError when there is none that the caller may see, or several.
        """
        what = f"rating {rating_id}"
        detail = self._ledger.rating(*self._identity(rating_id, caller))
        if detail is None:
            raise not_found(what)
        self.show(caller, detail.rating.site, what)
        return detail if caller.employee is None else _own(detail, caller, what)

    def _identity(self, rating_id: str, caller: Caller) -> tuple[str, str]:
        """Split at the first colon; an event_id may hold colons of its own.

        A clerk names both: how many devices gave out an event_id is not its own.
        """
        device_id, colon, event_id = rating_id.partition(":")
        if colon and self._ledger.device(device_id):
            return device_id, event_id
        if caller.employee is not None:
            raise not_found(f"rating {rating_id}")
        subtree = caller.site
        devices = self._ledger.rating_devices(rating_id, subtree)
        if len(devices) > 1:
            detail = f"Several devices gave out {rating_id}: ask for device_id:event_id"
            raise ProblemError(HTTPStatus.CONFLICT, "ambiguous", detail)
        if not devices:
            raise not_found(f"rating {rating_id}")
        return devices[0], rating_id

    def session(self, caller: Caller, session_key: str) -> SessionDetail:
        """By session_key, or by a session_id when it is unique; raises as `rating`."""
        what = f"session {session_key}"
        detail = self._ledger.session(session_key)
        if detail is None:
            detail = self._ledger.session(self._key(session_key, caller.site))
        if detail is None:
            raise not_found(what)
        self.show(caller, detail.session.site, what)
        return detail

    def _key(self, session_id: str, subtree: str | None) -> str:
        keys = self._ledger.session_keys(session_id, subtree)
        if len(keys) > 1:
            detail = f"Several sessions had the number {session_id}: ask by session_key"
            raise ProblemError(HTTPStatus.CONFLICT, "ambiguous", detail)
        if not keys:
            raise not_found(f"session {session_id}")
        return keys[0]

    def reach_known(self, caller: Caller, site: str | None) -> None:
        """As `reach`, and there must be such a site: something is to be done there."""
        self.reach(caller, site)
        self.known(caller, "sites", site)

    def reach(self, caller: Caller, site: str | None) -> None:
        """Raises ProblemError when it is outside; None is the whole gateway."""
        if site is None:
            whole_gateway(caller)
        else:
            self.place(caller, site)

    def known(self, caller: Caller, table: str, key: str | None) -> None:
        """Raises ProblemError when there is none that the caller may name.

        `table` is one of the organisation, or `devices`; None names nothing.
        """
        if key is not None and not self._ledger.is_known(table, key, caller.site):
            what = f"{table[:-1]} {key}: GET /api/v1/{table} lists those there are"
            raise not_found(what)

    def place(self, caller: Caller, site: str | None) -> None:
        """Raises ProblemError when the caller may not put anything there."""
        if not self.sees(caller, site):
            raise self.outside(caller, site or "no site")

    @staticmethod
    def outside(caller: Caller, where: str) -> ProblemError:
        """What is said to a caller who would write there."""
        detail = f"This token is bound to {caller.site}: {where} is outside."
        return ProblemError(HTTPStatus.FORBIDDEN, "outside_site", detail)


def _own(detail: RatingDetail, caller: Caller, what: str) -> RatingDetail:
    """Without what others were credited with in its session; raises as `rating`."""
    if detail.rating.employee_id != caller.employee:
        raise not_found(what)
    own = [row for row in detail.history if row.employee_id == caller.employee]
    return msgspec.structs.replace(detail, history=own)
