"""A block's bytes: records packed, compressed, sealed; its header and the chain.

The header's digest covers the sealed body and the chain covers the headers, so
the whole journal can be checked without a key. The seal is bound to the block's
generation and number: a body that is moved does not open. A body can be replaced by
one without personal data: the header stays, and with it the chain.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

import msgspec
import zstandard

from gateway.places import BLOCKS_MAX, MESSAGES_MAX
from gateway.ports import Header, Record, RecordKind
from gateway.sealing import Keyring, SealBrokenError

# One MQTT packet of the largest size the protocol knows still fits a block.
PACKED_BYTES_MAX: Final = 1 << 29
COMPRESSION_LEVEL: Final = 1
GENESIS: Final = bytes(32)
_AAD: Final = struct.Struct(">QQ")
_HEADER: Final = struct.Struct(">8Q")


class BlockCodec:
    """Records to sealed bodies and back; one thread at a time."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[Record])
        self._compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    @property
    def key_id(self) -> int:
        """The key that seals now."""
        return self._keyring.key_id

    def body(self, generation: int, number: int, records: Sequence[Record]) -> bytes:
        """The sealed body; empty for a tick, which has nothing to hide."""
        if not records:
            return b""
        aad = _AAD.pack(generation, number)
        return self._keyring.seal(self._compressed(records), aad)

    def body_again(self, header: Header, records: Sequence[Record]) -> bytes:
        """Another body of a block, sealed with the key that its header names."""
        aad = _AAD.pack(header.generation, header.number)
        return self._keyring.seal_as(header.key_id, self._compressed(records), aad)

    def _compressed(self, records: Sequence[Record]) -> bytes:
        packed = self._encoder.encode(records)
        assert len(packed) <= PACKED_BYTES_MAX, "close blocks earlier"
        return self._compressor.compress(packed)

    def records(
        self, header: Header, body: bytes, digest: bytes | None = None
    ) -> list[Record] | None:
        """The records; None when the body is not what the header promised.

        `digest` is that of a body that took the place of the header's.
        """
        if not is_body(header, body, digest):
            return None
        if not body:
            return [] if header.records == 0 else None
        try:
            compressed = self._keyring.open(
                header.key_id, body, _AAD.pack(header.generation, header.number)
            )
            packed = self._decompressor.decompress(compressed)
            records = self._decoder.decode(packed)
        except (SealBrokenError, zstandard.ZstdError, msgspec.DecodeError):
            return None
        return records if len(records) == header.records else None


def following(  # noqa: PLR0913 - a header has this many fields
    head: Header | None,
    *,
    number: int,
    generation: int,
    first_message: int,
    records: Sequence[Record],
    appended_ms: int,
    flags: int,
    key_id: int,
    body: bytes,
) -> Header:
    """The header that follows `head` in the chain."""
    assert number < BLOCKS_MAX
    assert len(records) <= MESSAGES_MAX, "close blocks earlier"
    act = RecordKind.ACT
    messages = len(records) - sum(record.kind == act for record in records)
    digest = hashlib.sha256(body).digest()
    counts = (number, generation, first_message, messages, len(records))
    rest = (appended_ms, flags, key_id)
    chain = _chained(head.chain if head else GENESIS, (*counts, *rest), digest)
    return Header(*counts, *rest, digest, chain)


def is_body(header: Header, body: bytes, digest: bytes | None) -> bool:
    """Whether this is the header's body, or the one with `digest` in its place."""
    return hashlib.sha256(body).digest() == (digest or header.digest)


def is_chained(header: Header, previous_chain: bytes) -> bool:
    """Whether `header` is what was written after the header with that chain."""
    numbers = (
        header.number,
        header.generation,
        header.first_message,
        header.messages,
        header.records,
        header.appended_ms,
        header.flags,
        header.key_id,
    )
    try:
        return _chained(previous_chain, numbers, header.digest) == header.chain
    except (struct.error, TypeError):  # nothing we wrote
        return False


def _chained(previous: bytes, numbers: tuple[int, ...], digest: bytes) -> bytes:
    return hashlib.sha256(previous + _HEADER.pack(*numbers) + digest).digest()
