"""Who calls: without tokens only this machine may, under one name."""

from typing import Final

LOCAL: Final = "local"
HTTP_DEVICE: Final = "http-local"
"""The device that ratings over HTTP come from."""
