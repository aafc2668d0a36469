"""Where a reader learns why: explanations rest on what the fold itself looked at."""

from typing import Protocol

from gateway.ratings.explaining.model import LoneSeen, SessionSeen


class Explanations(Protocol):
    """Each answer is one short read transaction, as of `gateway.queries`."""

    def session(self, session_key: str) -> SessionSeen | None:
        """A session as it was last looked at."""

    def alone(self, device_id: str, event_id: str) -> LoneSeen | None:
        """A rating that no session holds."""
