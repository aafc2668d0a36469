"""Which birth, will or goodbye counts (device protocol v1, "presence")."""

from functools import lru_cache

import msgspec


class Known(msgspec.Struct, gc=False, omit_defaults=True):
    """What the last birth, will or goodbye that counted said about a device."""

    state: str = "unseen"
    conn_id: str | None = None
    boot_id: str | None = None
    boot_count: int | None = None
    reset_reason: str | None = None
    model: str | None = None
    hw_serial: str | None = None
    firmware: str | None = None
    config_revision: int | None = None
    capabilities: dict[str, object] = {}
    buffer_depth: int | None = None
    reason: str | None = None
    received_ms: int = 0
    retained: bool = False

    @property
    def receipts(self) -> bool:
        """Whether the terminal waits for receipts."""
        return self.capabilities.get("receipts") is True


def shared(capabilities: dict[str, object]) -> dict[str, object]:
    """The same capabilities, as one object for all devices that can do the same.

    Nobody changes them; a fleet has few kinds, and a copy is half a kilobyte.
    """
    return _shared(msgspec.json.encode(capabilities))


@lru_cache(maxsize=256)
def _shared(text: bytes) -> dict[str, object]:
    return msgspec.json.decode(text, type=dict[str, object])


def is_stale(known: Known, state: str, conn_id: str | None) -> bool:
    """Whether an `offline` belongs to a connection that is no longer the current."""
    return (
        state == "offline"
        and conn_id is not None
        and known.conn_id is not None
        and conn_id != known.conn_id
    )
