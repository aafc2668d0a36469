"""Standard Webhooks: who sent it, when, and that nothing was changed."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

_PREFIX: Final = "whsec_"


def key_of(secret: str) -> bytes:
    """The key in a secret: Base64 with or without `whsec_`, else its own bytes."""
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


class Signer:
    """Signs with every secret: there are two of them while one is replaced."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = tuple(map(key_of, secrets))

    def headers(self, webhook_id: str, time_s: int, body: bytes) -> dict[str, str]:
        headers = {"webhook-id": webhook_id, "webhook-timestamp": str(time_s)}
        if self._keys:
            signed = b"%s.%d.%s" % (webhook_id.encode(), time_s, body)
            headers["webhook-signature"] = " ".join(
                f"v1,{_sign(key, signed)}" for key in self._keys
            )
        return headers


def webhook_id(prefix: str, event_ids: Sequence[str]) -> str:
    """The same for the same events in the same order, and for no others."""
    digest = hashlib.sha256("\n".join(event_ids).encode()).hexdigest()
    return f"{prefix}_{digest}"


def _sign(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
