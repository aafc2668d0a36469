"""The page of the API: Swagger UI from files of our own, nothing from elsewhere."""

from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_FILES: Final = Path(fastapi_offline.__file__).parent / "static"
_POLICY: Final = {
    # Swagger UI sets styles in its markup, and its icons are data.
    "Content-Security-Policy": "default-src 'none'; script-src 'self';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>evalgate API</title>
<link rel="icon" href="docs/files/favicon.png">
<link rel="stylesheet" href="docs/files/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/files/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


def install_docs(app: FastAPI, prefix: str) -> None:
    """Serve the page at `prefix`/docs."""

    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers=_POLICY)

    async def start() -> Response:
        return Response(_START, media_type="text/javascript")

    app.add_api_route(f"{prefix}/docs", page, include_in_schema=False)
    app.add_api_route(f"{prefix}/docs/start.js", start, include_in_schema=False)
    app.mount(f"{prefix}/docs/files", StaticFiles(directory=_FILES), name="docs")
