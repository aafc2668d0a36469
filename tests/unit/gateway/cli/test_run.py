"""How a role ends."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from gateway.cli.main import main
from gateway.errors import PermanentError, TransientError
from gateway.settings import Settings
from gateway.supervisor import OrphanedError, Role


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    hook = sys.excepthook
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://127.0.0.1"\n')
    yield path
    sys.excepthook = hook
    structlog.reset_defaults()


def app_that(error: Exception | None, seen: list[str]) -> ModuleType:
    """A stand-in for the composition of a role."""

    async def run_role(settings: Settings, _config: Path, role: Role) -> None:
        run_dir = settings.gateway.data_dir / "run"
        seen.extend([role, *sorted(path.name for path in run_dir.glob("*.pid"))])
        if error is not None:
            raise error

    module = ModuleType("gateway.app")
    module.__dict__["run_role"] = run_role
    return module


def test_a_role_by_hand_has_its_pid_file_while_it_runs(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setitem(sys.modules, "gateway.app", app_that(None, seen))
    assert main(["run", "--config", str(config), "--role", "process"]) == 0
    assert seen == ["process", "process.pid"]
    assert list((config.parent / "data" / "run").glob("*.pid")) == []


def test_what_ends_a_role_is_logged_even_from_within_its_tasks(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    deep = ExceptionGroup("tasks", [TransientError("later")])
    error = ExceptionGroup("role", [PermanentError("buy a disk"), deep])
    monkeypatch.setitem(sys.modules, "gateway.app", app_that(error, []))
    assert main(["run", "--config", str(config), "--role", "ingest"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["event"] for line in lines} == {"role_failed"}
    assert {line["detail"] for line in lines} == {"buy a disk", "later"}


def test_our_own_fault_is_not_caught(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = AssertionError("ours")
    monkeypatch.setitem(sys.modules, "gateway.app", app_that(fault, []))
    with pytest.raises(AssertionError, match="ours"):
        main(["run", "--config", str(config), "--role", "ingest"])


def test_a_role_whose_supervisor_is_gone_does_not_start(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setitem(sys.modules, "gateway.app", app_that(None, seen))
    monkeypatch.setattr("gateway.cli.run.tie_to_parent", refuse)
    command = ["run", "--config", str(config), "--role", "ingest"]
    assert main([*command, "--supervisor-pid", "1"]) == 1
    assert seen == []


def refuse(_pid: int) -> None:
    raise OrphanedError
