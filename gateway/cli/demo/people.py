"""The people's side of the picture: who pressed what, and how far it has come."""

from collections import Counter
from datetime import datetime
from typing import Final

import msgspec

from gateway.cli.api import Api
from gateway.cli.demo.books import Books
from gateway.cli.live.figures import Hall, Press
from gateway.cli.live.reading import shaped
from gateway.errors import PermanentError, TransientError

_PRESSES: Final = 12
_DEVICES: Final = 1000


class _Rating(msgspec.Struct):
    rating_id: str
    device_id: str
    level: int | None
    occurred_at: datetime
    received_at: datetime


class _Device(msgspec.Struct):
    presence: str


class _Ratings(msgspec.Struct):
    items: list[_Rating]


class _Devices(msgspec.Struct):
    items: list[_Device]


class People:
    """Asks the API, reads the books; what does not answer stays as it was."""

    def __init__(self, api: Api, books: Books) -> None:
        self._api = api
        self._books = books
        self._ratings: list[_Rating] = []
        self._presence: dict[str, int] = {}

    def look(self, *, asking: bool) -> Hall:
        """The hall now; without `asking` the API is left alone."""
        self._books.read()
        if asking:
            self._ask()
        return Hall(
            presses=tuple(map(self._press, self._ratings)),
            levels=dict(self._books.levels),
            presence=self._presence,
        )

    def _ask(self) -> None:
        try:
            newest = self._api.get("/api/v1/ratings", limit=_PRESSES)
            devices = self._api.get("/api/v1/devices", limit=_DEVICES)
            self._ratings = shaped(newest, _Ratings).items
            found = shaped(devices, _Devices).items
        except (PermanentError, TransientError):
            return  # the picture says already that the API is silent
        counts = Counter(device.presence for device in found)
        self._presence = dict(counts.most_common())

    def _press(self, rating: _Rating) -> Press:
        return Press(
            rating_id=rating.rating_id,
            device_id=rating.device_id,
            level=rating.level,
            pressed_ms=_milliseconds(rating.occurred_at),
            received_ms=_milliseconds(rating.received_at),
            backend_ms=self._books.arrived_ms.get(rating.rating_id),
        )


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
