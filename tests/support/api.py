"""The API over stores that a test fills, and answers checked against its contract."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import apsw
import httpx
import jsonschema_rs
from fastapi import FastAPI

from gateway import migrations, users
from gateway.clock import Clock, SteppedClock
from gateway.console.app import Secrets, Stores, create_app
from gateway.console.upkeep import Checks, Configuration, Upkeep
from gateway.delivery.queries import SqliteDeliveryQueries
from gateway.delivery.store import MIGRATIONS
from gateway.errors import TransientError
from gateway.ledger.queries import SqliteLedgerQueries
from gateway.observability.health import Finding
from gateway.places import Place
from gateway.ports import Record
from gateway.processing.ratings.explaining import LedgerExplanations
from gateway.queries.asking import Page, Slice
from gateway.queries.journal import (
    Head,
    JournalExtent,
    JournalFigures,
    Kept,
    Mark,
    TailFilter,
)
from gateway.reading import Reader
from gateway.sealing import Keyring
from gateway.tokens import FILE_NAME, Tokens
from gateway.users import Users
from tests.support import applications
from tests.support.ledger_file import NOON_MS, LedgerFile

applications.remember()


class Client:
    """Asks an application; each JSON answer must be as the contract says."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def get(self, path: str, **params: object) -> httpx.Response:
        return await self.ask("GET", path, params=params or None)

    async def post(
        self, path: str, body: object, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self.ask("POST", path, json=body, headers=headers)

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 -- as httpx takes them
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        url = "http://127.0.0.1:8700"
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            answer = await client.request(method, path, **options)
        kind = answer.headers["content-type"]
        if kind.startswith("application/") and not path.endswith("openapi.json"):
            self._check(method, path.partition("?")[0], answer)
        return answer

    def _check(self, method: str, path: str, answer: httpx.Response) -> None:
        template = _template(path)
        kind, status = answer.headers["content-type"], str(answer.status_code)
        if method.lower() not in contract()["paths"].get(template, {}):
            assert answer.status_code in {404, 405}
            return
        _validator(method.lower(), template, status, kind).validate(answer.json())


@cache
def _validator(
    method: str, template: str, status: str, kind: str
) -> jsonschema_rs.Draft202012Validator:
    """What the contract says of such an answer."""
    responses = contract()["paths"][template][method]["responses"]
    told = responses.get(status) or responses[f"{status[0]}XX"]
    components = contract()["components"]
    schema = {**told["content"][kind]["schema"], "components": components}
    return jsonschema_rs.Draft202012Validator(schema)


def _template(path: str) -> str:
    """The path as the contract has it; itself when it has none."""
    paths: Mapping[str, object] = contract()["paths"]
    parts = path.split("/")
    for template in paths if path not in paths else ():
        names = template.split("/")
        if len(names) == len(parts) and all(
            name.startswith("{") or name == part
            for name, part in zip(names, parts, strict=True)
        ):
            return template
    return path


def bearer(text: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {text}"}


KEYRING = Keyring({1: bytes(32)})

BLOCK = 50
"""The block in which every submitted record lands."""


class Deliveries:
    """A delivery store's file whose rows a test writes itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = apsw.Connection(str(path))
        self._db.execute("PRAGMA synchronous = OFF")  # it outlives no power cut
        migrations.apply(self._db, MIGRATIONS)

    def sink(self, *row: object) -> None:
        """name, kind, block, at, delivered, dead, state, error."""
        self._db.execute("INSERT INTO sink VALUES (?,?,?,?,?,?,?,?,0)", row)

    def taken(self, sink: str, block: int, delivered: int) -> None:
        """All before this block is settled."""
        self._db.execute(
            "UPDATE sink SET block = ?, at = 0, delivered = ? WHERE name = ?",
            (block, delivered, sink),
        )

    def letter(self, sink: str, subject: str, state: str = "dead") -> None:
        self._db.execute(
            "INSERT INTO dead_letter (sink, type, subject, block, at, refused_ms,"
            " status, answer, state) VALUES (?, 'rating.recorded', ?, 1, 0, ?, 400,"
            " 'bad field', ?)",
            (sink, subject, NOON_MS, state),
        )

    def close(self) -> None:
        self._db.close()


class Submissions:
    """Takes records for the journal; `fold` is what then happens to the ledger."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.fold: Callable[[Record], None] = lambda _: None
        self.away = False

    async def submit(self, records: Sequence[Record]) -> tuple[int, int, int]:
        if self.away:
            raise TransientError("ingest did not answer in time")
        self.records.extend(records)
        for record in records:
            self.fold(record)
        return 0, BLOCK, 0


class _Journal:
    """A journal of so many ticks."""

    def extent(self) -> JournalExtent:
        return JournalExtent(BLOCK, 4096)

    def figures(self) -> JournalFigures:
        head = Head(BLOCK, NOON_MS, 1, "00")
        return JournalFigures(0, 4096, head, Mark(1, NOON_MS), None, 0)

    def at(self, places: Sequence[Place]) -> dict[Place, Kept]:
        return {}

    def tail(self, wanted: TailFilter, part: Slice) -> Page[Kept]:
        return Page([])

    def received(self, block: int) -> int:
        return 0


def upkeep(clock: Clock) -> Upkeep:
    """A configuration of one key; a check that is asked for never begins."""
    settings = {"gateway": {"id": "evalgate"}}
    return Upkeep(lambda: Configuration(NOON_MS, settings), Checks((), clock))


class Api(Client):
    """The API over stores whose rows a test writes itself."""

    def __init__(self, directory: Path) -> None:
        self.ledger = LedgerFile(directory / "ledger.db")
        self.deliveries = Deliveries(directory / "delivery.db")
        self.submissions = Submissions()
        self.clock = SteppedClock(wall_ms=NOON_MS + 10_000)
        self.run_dir = directory
        self.findings: list[Finding] = []
        self.tokens = Tokens(directory / FILE_NAME)
        self.users = Users(directory / users.FILE_NAME)
        self._readers = [Reader(self.ledger.path), Reader(self.deliveries.path)]
        super().__init__(self._create())

    def _create(self) -> FastAPI:
        ledger, deliveries = self._readers
        return create_app(
            Stores(
                SqliteLedgerQueries(ledger),
                SqliteDeliveryQueries(deliveries),
                _Journal(),
                _Journal(),
                LedgerExplanations(ledger),
            ),
            self.submissions,
            self.clock,
            lambda: self.findings,
            self.run_dir,
            secrets=Secrets(self.tokens, self.users, KEYRING),
            upkeep=upkeep(self.clock),
            pause=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        self.clock.advance(int(seconds * 1000))

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
        self.ledger.close()
        self.deliveries.close()


@cache
def contract() -> Mapping[str, Any]:
    """The OpenAPI document, which every application has alike."""
    nothing = cast("Any", None)
    stores = Stores(nothing, nothing, nothing, nothing, nothing)
    submissions, clock = Submissions(), SteppedClock()
    secrets = Secrets(Tokens(Path()), Users(Path()), KEYRING)
    return create_app(
        stores,
        submissions,
        clock,
        list,
        Path(),
        secrets=secrets,
        upkeep=upkeep(clock),
    ).openapi()
