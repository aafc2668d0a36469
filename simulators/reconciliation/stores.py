"""What the gateway's API says, read as any outsider would."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from simulators.reconcile import millis

_HTTP_S: Final = 60.0
_PAGE: Final = 1000


class HeldRating(NamedTuple):
    """One rating of the ledger; times in milliseconds since the epoch."""

    rating_id: str
    level: int | None
    occurred_ms: int
    received_ms: int
    time_quality: str
    effective: bool


class Api:
    """The REST API of a gateway at `url` (http://HOST:PORT)."""

    def __init__(self, url: str, token_file: Path | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._headers: dict[str, str] = {}
        if token_file is not None:
            token = token_file.read_text("utf-8").strip()
            self._headers["Authorization"] = f"Bearer {token}"

    def pipeline(self) -> dict[str, Any]:
        """The gateway's counts.

        Raises:
            OSError: it does not answer, or refuses.

        """
        return self._get("/pipeline")

    def ratings(self) -> Iterator[HeldRating]:
        """Every rating, newest first."""
        for item in self._every("/ratings"):
            yield HeldRating(
                item["rating_id"],
                item["level"],
                millis(item["occurred_at"]),
                millis(item["received_at"]),
                item["time_quality"],
                item["effective"],
            )

    def quarantine(self) -> Iterator[dict[str, Any]]:
        """Every item of the quarantine, newest first."""
        return self._every("/quarantine")

    def _every(self, path: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": str(_PAGE), **({"cursor": cursor} if cursor else {})}
            page = self._get(f"{path}?{urlencode(query)}")
            yield from page["items"]
            cursor = page["next_cursor"]

    def _get(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, headers=self._headers)  # noqa: S310 - the caller's own gateway
        with urllib.request.urlopen(request, timeout=_HTTP_S) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
        return found
