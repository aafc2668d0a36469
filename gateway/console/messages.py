"""Messages of the protocol that come over the API: what ratings and sessions share."""

import hashlib
import json
from http import HTTPStatus

from device_protocol.topics import is_device_id
from gateway.console.bounds import Bounds
from gateway.console.callers import Caller
from gateway.console.problems import ProblemError
from gateway.console.requests import MessageBody
from gateway.console.sight import Sight
from gateway.queries import LedgerQueries
from gateway.queries.asking import QuarantineFilter, Slice
from gateway.queries.rows import QuarantineRow


class Messages:
    def __init__(self, ledger: LedgerQueries) -> None:
        self._ledger = ledger
        self._sight = Sight(ledger)
        self._bounds = Bounds(ledger)

    def payload(
        self, caller: Caller, body: MessageBody, device_id: str | None = None
    ) -> bytes:
        """What was sent; who is bound to a site speaks for it, or for one below.

        Raises ProblemError when it speaks for another, or has no name that a device
        can have; `device_id` is whose it is said to be.
        """
        if not is_device_id(caller.device_id):
            detail = (
                f"{caller.name!r} cannot name a device: send it with a token, or as a"
                " user whose name has letters, digits, - and _ alone."
            )
            raise ProblemError(HTTPStatus.FORBIDDEN, "no_device", detail)
        content = body.content()
        if caller.site is not None and self._nowhere(body, device_id):
            content["site"] = caller.site
        elif caller.site is not None:
            self._check_place(caller, body, device_id)
        for name in ("amends", "comment_for"):
            self._bounds.rating(content.get(name), caller)
        # Escaped: what no encoding can hold is for the fold to refuse, not for us.
        return json.dumps(content).encode("ascii")

    @staticmethod
    def _nowhere(body: MessageBody, device_id: str | None) -> bool:
        return body.site is None and body.window is None and device_id is None

    def _check_place(
        self, caller: Caller, body: MessageBody, device_id: str | None
    ) -> None:
        """All that says where it counts; a window may be known by its terminals."""
        sites = {body.site}
        self._bounds.window(body.window, caller)
        if body.window is not None and body.site is None:
            stands = self._ledger.window_sites([body.window])
            sites |= stands.get(body.window, frozenset())
        if device_id is not None:
            device = self._ledger.device(device_id)
            sites.add(None if device is None else device.site)
        for site in sites - {None} or {None}:
            self._sight.place(caller, site)

    def refused(
        self, device_id: str, payload: bytes, newest: Slice
    ) -> QuarantineRow | None:
        """The item of quarantine that holds this payload, among the newest ones."""
        wanted = QuarantineFilter(state="held", device=device_id)
        items = self._ledger.quarantine(wanted, newest).items
        source = hashlib.sha256(payload).digest()
        for item in items:
            if item.payload == payload or item.source == source:
                return item
        return None
