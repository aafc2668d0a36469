"""What a caller who is bound to a site may write: its own, and nothing of another's.

Each method raises ProblemError, 403 `outside_site`, unless it says otherwise.
"""

from collections.abc import Collection

from device_protocol.identity import references
from fleet.tables import Row, key_of
from gateway.console.callers import Caller
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries


class Bounds:
    """Asks for what a row or message names, too: a figure counts where that stands."""

    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._sight = Sight(ledger)

    def row(self, table: str, row: Row, caller: Caller) -> None:
        """A row of the organisation, and the one that it replaces."""
        if caller.site is None:
            return
        known = self._ledger.registry_row(table, key_of(table, row))
        if known is not None:
            self._sight.place(caller, self._site(table, known))
        if table == "sites":
            self._below(row, known, caller)
            return
        self._sight.place(caller, self._site(table, row))
        if table == "departments" and known is None:
            self._fresh(row["id"] or "", caller)
        if table == "windows":
            self.window(row["id"], caller)
            self._department(row, known or {}, caller)
        if table == "bindings":
            self.device(row.get("device_id") or "", caller)

    def window(self, window: str | None, caller: Caller) -> None:
        """Where something is put; one that nobody knows stands nowhere yet."""
        if caller.site is None or window is None:
            return
        for site in self.elsewhere([window], caller.site).values():
            self._sight.place(caller, site)

    def elsewhere(self, windows: Collection[str], subtree: str) -> dict[str, str]:
        """Those that stand at other sites alone, each with one of them."""
        below = self._ledger.sites_below(subtree)
        found = self._ledger.window_sites(windows).items()
        return {name: min(at) for name, at in found if at and at.isdisjoint(below)}

    def device(self, device_id: str, caller: Caller) -> None:
        """A device that something is said of; one that nobody knows is nobody's."""
        known = self._ledger.device(device_id)
        if known is not None:
            self._sight.place(caller, known.site)

    def rating(self, reference: object, caller: Caller) -> None:
        """What a rating says that it amends, or a comment what it is about."""
        if caller.site is None or not isinstance(reference, str):
            return
        for device_id, event_id in references(caller.device_id, reference):
            if device_id != caller.device_id:
                self.device(device_id, caller)
            detail = self._ledger.rating(device_id, event_id)
            if detail is not None:
                self._sight.place(caller, detail.rating.site)

    def _below(self, row: Row, known: Row | None, caller: Caller) -> None:
        """A site stays below the caller's own, and that one where it is."""
        site = row["id"] or ""
        if known is not None and row.get("parent") == known.get("parent"):
            return
        if known is None and self._ledger.is_known("sites", site, None):
            self._sight.place(caller, site)  # others stand there, though none lists it
        self._sight.place(caller, row.get("parent"))

    def _fresh(self, department: str, caller: Caller) -> None:
        """One that no table lists is not of other sites alone: its row is theirs."""
        is_known = self._ledger.is_known
        if is_known("departments", department, None) and not is_known(
            "departments", department, caller.site
        ):
            raise self._sight.outside(caller, f"the department {department}")

    def _department(self, row: Row, known: Row, caller: Caller) -> None:
        """One of the caller's, one of the sites above it, or one of none."""
        name = row.get("department")
        if name is None or name == known.get("department"):
            return
        site = (self._ledger.registry_row("departments", name) or {}).get("site")
        if site is None or self._ledger.within(caller.site, site):
            return
        self._sight.place(caller, site)

    def _site(self, table: str, row: Row) -> str | None:
        """Where a row belongs; employees belong to no site."""
        if table == "sites":
            return row.get("id")
        if table == "bindings":
            window = self._ledger.registry_row("windows", row.get("window") or "")
            return (window or {}).get("site")
        return row.get("site")
