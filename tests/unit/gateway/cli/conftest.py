"""A gateway's API with canned answers, and a configuration that names it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest


@dataclass
class CannedApi:
    """`answers[METHOD PATH]` is (status, body); `asked` and `tokens` are what came."""

    config: Path
    answers: dict[str, tuple[int, object]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)


def _handler(api: CannedApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            raw_body = self.rfile.read(size)
            is_json = self.headers.get("Content-Type") == "application/json"
            body = json.loads(raw_body) if is_json else raw_body.decode() or None
            api.tokens.append(self.headers.get("Authorization"))
            api.asked.append((f"{self.command} {self.path}", body))
            path = self.path.partition("?")[0]
            status, answer = api.answers[f"{self.command} {path}"]
            raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 -- the names it looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name it has there
            pass

    return Handler


@pytest.fixture
def api(tmp_path: Path) -> Iterator[CannedApi]:
    canned = CannedApi(tmp_path / "gateway.toml")
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(canned)) as server:
        canned.config.write_text(
            '[broker]\nurl = "mqtt://127.0.0.1"\n'
            f'[console]\nlisten = "127.0.0.1:{server.server_port}"\n'
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield canned
        server.shutdown()
        thread.join()
