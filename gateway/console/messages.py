"""Messages of the protocol that come over the API: what ratings and sessions share."""

import hashlib
import json
from http import HTTPStatus

from device_protocol.topics import is_device_id
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
        if caller.site is not None:
            sites = {body.site}
            if body.window is not None:
                window = self._ledger.registry_row("windows", body.window) or {}
                sites.add(window.get("site"))
            if device_id is not None:
                device = self._ledger.device(device_id)
                sites.add(None if device is None else device.site)
            if body.site is None and body.window is None and device_id is None:
                content["site"] = caller.site
                sites = {caller.site}
            for site in sites - {None} or {None}:
                self._sight.place(caller, site)
        # Escaped: what no encoding can hold is for the fold to refuse, not for us.
        return json.dumps(content).encode("ascii")

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
