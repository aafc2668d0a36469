"""Asking services of a test by HTTP, with a deadline."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

_DEADLINE_S = 30.0


def get_json(url: str) -> dict[str, Any]:
    """Get an object."""
    with urllib.request.urlopen(url, timeout=_DEADLINE_S) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def send_json(url: str, body: object, method: str = "POST") -> int:
    """Send a JSON body; returns the status.

    Raises:
        urllib.error.HTTPError: any status from 400 up.

    """
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_DEADLINE_S) as answer:
        status: int = answer.status
    return status


def every_item(url: str, **query: str) -> Iterator[dict[str, Any]]:
    """Get a whole list of the gateway's API, page by page."""
    cursor: str | None = ""
    while cursor is not None:
        more = {"cursor": cursor} if cursor else {}
        page = get_json(f"{url}?{urlencode({**query, 'limit': '1000', **more})}")
        yield from page["items"]
        cursor = page["next_cursor"]
