"""What a caller may see: everything, or what belongs to a site and those below it."""

from http import HTTPStatus

from gateway.console.callers import Caller
from gateway.console.problems import ProblemError, not_found
from gateway.queries import LedgerQueries
from gateway.queries.rows import DeviceRow


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

    def place(self, caller: Caller, site: str | None) -> None:
        """Raises ProblemError when the caller may not put anything there."""
        if not self.sees(caller, site):
            where = site or "no site"
            detail = f"This token is bound to {caller.site}: {where} is outside."
            raise ProblemError(HTTPStatus.FORBIDDEN, "outside_site", detail)
