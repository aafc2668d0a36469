"""`evalgate top`: one look, for people and for programs."""

import json

import msgspec
import pytest

from gateway.cli.live.figures import Pipeline
from gateway.cli.main import main
from tests.unit.gateway.cli.conftest import CannedApi
from tests.unit.gateway.cli.live.pictures import PIPELINE, answers


@pytest.fixture
def running(api: CannedApi) -> CannedApi:
    api.answers = answers()
    return api


def test_one_look_is_plain_text_in_a_pipe(
    running: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", "--once", "--config", str(running.config)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("evalgate evalgate  ready  ")
    assert "→ backend" in out
    assert "\x1b" not in out


def test_one_look_for_programs_has_the_figures_by_name(
    running: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", "--once", "--json", "--config", str(running.config)]) == 0
    body = json.loads(capsys.readouterr().out)
    assert msgspec.convert(body["pipeline"], Pipeline) == PIPELINE
    assert body["intake"]["received"] == 62
    assert body["processes"][1]["pid"] == 101
    assert not {"hall", "hints", "title"} & body.keys()


def test_a_gateway_that_is_not_ready_is_exit_code_1(running: CannedApi) -> None:
    down = {"status": "not_ready", "checks": {}}
    running.answers["GET /readyz"] = (503, down)
    assert main(["top", "--once", "--config", str(running.config)]) == 1


def test_no_gateway_is_one_line_of_complaint(
    api: CannedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.config.write_text(
        '[broker]\nurl = "mqtt://127.0.0.1"\n[console]\nlisten = "127.0.0.1:9"\n'
    )
    assert main(["top", "--once", "--config", str(api.config)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "is it running?" in line
