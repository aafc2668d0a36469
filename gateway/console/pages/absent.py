"""An address that is none of a page: said in the words of whoever asked."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gateway.console.preferences import Preferences
from gateway.console.wording import SHARED

_PAGE: Final = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{told} · evalgate</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 0; min-height: 100vh;
  display: grid; place-items: center; text-align: center; }}
</style>
</head>
<body>
<main>
<h1>{told}</h1>
<p><a href="/">{back}</a></p>
</main>
</body>
</html>
"""


async def absent(request: Request, _error: Exception) -> Response:
    """404, and the way to the pages that there are."""
    chosen = Preferences.of(request)
    words = chosen.words(SHARED)
    text = _PAGE.format(
        lang=chosen.html_language, told=words("no_page"), back=words("to_pages")
    )
    return HTMLResponse(text, HTTPStatus.NOT_FOUND)
