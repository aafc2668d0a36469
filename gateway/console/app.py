"""The application: every route of the API, put together from its ports."""

import asyncio
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter, Depends, FastAPI

from gateway import __version__
from gateway.clock import Clock
from gateway.console import problems
from gateway.console.acts import Acts, Pause
from gateway.console.callers import Access
from gateway.console.docs import install_docs
from gateway.console.explaining import Explainer
from gateway.console.figures import Scrape
from gateway.console.guard import Guard
from gateway.console.live import Live
from gateway.console.logins import LogIns
from gateway.console.pipeline import PipelineReader
from gateway.console.requests import each_once
from gateway.console.routes.alerts import Alerts
from gateway.console.routes.audit import Audit
from gateway.console.routes.availability import Availability
from gateway.console.routes.canaries import Canaries
from gateway.console.routes.commands import Commands
from gateway.console.routes.comments import Comments
from gateway.console.routes.deadletters import DeadLetters
from gateway.console.routes.device_histories import DeviceHistories
from gateway.console.routes.devices import Devices
from gateway.console.routes.duties import Duties
from gateway.console.routes.erasures import Erasures
from gateway.console.routes.events import LiveEvents
from gateway.console.routes.explanations import Explanations
from gateway.console.routes.inspections import Inspections
from gateway.console.routes.journal import Journal
from gateway.console.routes.maintenance import MaintenanceWindows
from gateway.console.routes.maintenance_statements import MaintenanceStatements
from gateway.console.routes.needs import Needs
from gateway.console.routes.organisation import Organisation
from gateway.console.routes.overview import Overview
from gateway.console.routes.own import Own
from gateway.console.routes.press_tests import PressTests
from gateway.console.routes.probes import Probes, Readiness
from gateway.console.routes.quarantine import Quarantine
from gateway.console.routes.ratings import Ratings
from gateway.console.routes.reconciliations import Reconciliations
from gateway.console.routes.reports import Reports
from gateway.console.routes.samples import Samples
from gateway.console.routes.sessions import Sessions
from gateway.console.routes.sheets import Sheets
from gateway.console.routes.sinks import Sinks
from gateway.console.routes.statements import Statements
from gateway.console.routes.statistics import Figures
from gateway.console.routes.streaks import Streaks
from gateway.console.routes.targets import Targets
from gateway.console.routes.upkeep import UpkeepRoutes
from gateway.console.routes.visits import PlannedVisits
from gateway.console.throttle import Throttle
from gateway.console.token_log import TokenLog
from gateway.console.tracing import Tracer
from gateway.console.upkeep import Upkeep
from gateway.console.watching import Watcher
from gateway.ports import Submitter
from gateway.queries import DeliveryQueries, LedgerQueries
from gateway.queries.explaining import Explanations as Grounds
from gateway.queries.journal import JournalQueries, JournalRecords
from gateway.sealing import Keyring
from gateway.tokens import Tokens
from gateway.users import Users

PREFIX: Final = "/api/v1"


class Stores(NamedTuple):
    """What the console reads; it owns none of them."""

    ledger: LedgerQueries
    deliveries: DeliveryQueries
    journal: JournalQueries
    records: JournalRecords
    explanations: Grounds


class Secrets(NamedTuple):
    """Who may call, and what opens personal fields."""

    tokens: Tokens
    users: Users
    keyring: Keyring


def create_app(  # noqa: PLR0913 -- every port of the console, named once
    stores: Stores,
    submitter: Submitter,
    clock: Clock,
    readiness: Readiness,
    run_dir: Path,
    *,
    secrets: Secrets,
    upkeep: Upkeep,
    pause: Pause = asyncio.sleep,
) -> FastAPI:
    """The API as an ASGI application; it holds no state of its own."""
    app = FastAPI(
        title="evalgate",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=problems.responses(),
        dependencies=[Depends(each_once)],
    )
    problems.install(app)
    app.state.logins = logins = LogIns(clock)
    app.state.access = access = Access(secrets.tokens, secrets.users, logins)
    app.state.users = secrets.users
    app.state.throttle = throttle = Throttle(clock)
    app.add_middleware(Guard, is_open=access.is_open)
    pipeline = PipelineReader(stores.ledger, stores.deliveries, stores.journal, clock)
    app.state.live = live = Live(Watcher(stores.ledger, pipeline), clock)
    app.include_router(
        Probes(
            readiness,
            Scrape(pipeline, stores.ledger, live, run_dir, (logins, throttle)),
        ).router()
    )
    app.include_router(LiveEvents(live, stores.ledger).router(), prefix=PREFIX)
    acts = Acts(submitter, stores.ledger, clock, pause)
    app.state.token_log = TokenLog(secrets.tokens, secrets.users, stores.ledger, acts)
    app.state.acts = acts
    api = _api(stores, acts, pipeline, secrets.keyring, clock)
    app.include_router(api, prefix=PREFIX)
    app.include_router(UpkeepRoutes(upkeep).router(), prefix=PREFIX)
    install_docs(app, PREFIX)
    _build_routes(app)
    return app


def _build_routes(app: FastAPI) -> None:
    """Make ready what the framework would at the first request, which then waits.

    It builds an included router when a path is first looked for in it.
    """
    nowhere = {"type": "http", "method": "GET", "path": f"{PREFIX}/", "headers": []}
    for route in app.routes:
        route.matches(nowhere)


def _api(
    stores: Stores,
    acts: Acts,
    pipeline: PipelineReader,
    keyring: Keyring,
    clock: Clock,
) -> APIRouter:
    ledger, deliveries = stores.ledger, stores.deliveries
    tracer = Tracer(deliveries)
    api = APIRouter()
    for part in (
        Overview(pipeline),
        Ratings(ledger, tracer, acts, keyring),
        Erasures(ledger, acts),
        Sessions(ledger, acts),
        Explanations(ledger, stores.explanations, Explainer(ledger, tracer)),
        Duties(ledger, acts),
        Comments(ledger, keyring),
        Figures(ledger),
        Own(ledger),
        Reports(ledger),
        Reconciliations(ledger),
        Streaks(ledger),
        Targets(ledger),
        Samples(ledger, acts),
        Statements(ledger, acts),
        Devices(ledger, acts),
        DeviceHistories(ledger, stores.records, clock),
        Needs(ledger),
        Organisation(ledger, acts),
        Sheets(ledger, acts),
        Alerts(ledger, acts),
        MaintenanceWindows(ledger, acts),
        Inspections(ledger, acts),
        Availability(ledger),
        PlannedVisits(ledger, acts),
        MaintenanceStatements(ledger, acts, keyring),
        PressTests(ledger, acts),
        Commands(ledger, acts),
        Quarantine(ledger, acts, stores.records),
        DeadLetters(deliveries, acts),
        Sinks(deliveries, acts),
        Journal(ledger, stores.journal),
        Audit(ledger, stores.records),
        Canaries(ledger),
    ):
        api.include_router(part.router())
    return api
