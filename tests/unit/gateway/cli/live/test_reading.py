"""From the API's answers to figures, whatever it answers."""

import pytest

from gateway.cli.api import Api
from gateway.cli.live.figures import Intake, Process
from gateway.cli.live.reading import parse_metrics, read
from gateway.settings import load_settings
from tests.unit.gateway.cli.conftest import CannedApi
from tests.unit.gateway.cli.live.pictures import METRICS, PIPELINE, answers


def test_metrics_tell_of_the_intake_and_of_each_role() -> None:
    intake, processes = parse_metrics(METRICS)
    assert intake == Intake(62, 3, link_up=True)
    by_name = {process.name: process for process in processes}
    assert by_name["ingest"] == Process("ingest", 101, 5, 1.5)
    assert by_name["deliver"].pid is None


@pytest.fixture
def canned(api: CannedApi) -> CannedApi:
    api.answers = answers()
    return api


def looked(api: CannedApi) -> Api:
    return Api(load_settings(api.config, {}), timeout_s=20.0)


def test_a_ready_gateway_is_read_whole(canned: CannedApi) -> None:
    found = read(looked(canned))
    assert (found.ready, found.trouble) == (True, None)
    assert found.pipeline == PIPELINE


def test_what_is_not_ready_says_why(canned: CannedApi) -> None:
    down = {"ok": False, "detail": "process is\x1b not running"}
    body = {"status": "not_ready", "checks": {"process": down}}
    canned.answers["GET /readyz"] = (503, body)
    found = read(looked(canned))
    assert (found.ready, found.trouble) == (False, "process is\ufffd not running")


def test_without_a_ledger_the_rest_is_shown(canned: CannedApi) -> None:
    canned.answers["GET /api/v1/pipeline"] = (503, {"detail": "no ledger yet"})
    found = read(looked(canned))
    assert (found.pipeline, found.trouble) == (None, "no ledger yet")
    assert found.intake is not None


def test_another_version_of_the_api_is_named_as_such(canned: CannedApi) -> None:
    canned.answers["GET /api/v1/pipeline"] = (200, {"received": "many"})
    trouble = read(looked(canned)).trouble
    assert trouble is not None
    assert trouble.startswith("this gateway's API is of another version: ")


def test_nobody_there_is_trouble_and_no_error(canned: CannedApi) -> None:
    canned.config.write_text(
        '[broker]\nurl = "mqtt://127.0.0.1"\n[console]\nlisten = "127.0.0.1:9"\n'
    )
    trouble = read(looked(canned)).trouble
    assert trouble is not None
    assert "is it running?" in trouble
