"""What a key of the keyring does: AES-256-GCM, under keys derived by HKDF."""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_DERIVED_BYTES: Final = 32


class Cipher:
    """One key's seal, and `digest_key`, the key of its digests."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"seal"))
        self.digest_key = _derived(key, b"digest")
        self.seal = self._cipher.encrypt

    def open(self, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """What was sealed; ValueError when the seal does not hold."""
        try:
            return self._cipher.decrypt(nonce, sealed, aad)
        except InvalidTag as error:
            raise ValueError("altered, or of another place") from error


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), _DERIVED_BYTES, b"evalgate " + purpose).derive(key)
