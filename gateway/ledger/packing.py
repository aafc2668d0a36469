"""Outbox rows as bytes: packed, then compressed; events of one block resemble."""

from typing import Final

import msgspec
import zstandard

from gateway.ports import OutboxRow

ROW_BYTES_MAX: Final = 256 * 1024 * 1024
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(OutboxRow)
_COMPRESS: Final = zstandard.ZstdCompressor(level=1).compress
_DECOMPRESS: Final = zstandard.ZstdDecompressor().decompress


def pack(row: OutboxRow) -> bytes:
    return _COMPRESS(_ENCODER.encode(row))


def unpack(body: bytes) -> OutboxRow:
    return _DECODER.decode(_DECOMPRESS(body, max_output_size=ROW_BYTES_MAX))
