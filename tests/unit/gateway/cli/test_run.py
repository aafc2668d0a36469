"""How a role ends."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from gateway.cli.main import main
from gateway.cli.run import changed_for_good, reloading
from gateway.errors import PermanentError, TransientError
from gateway.settings import Settings, load_settings
from gateway.supervisor import OrphanedError, Role


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    hook = sys.excepthook
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://127.0.0.1"\n')
    yield path
    sys.excepthook = hook


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


BROKER = '[broker]\nurl = "mqtt://127.0.0.1"\n'


@pytest.mark.parametrize(
    ("more", "afresh"),
    [
        ("", set()),
        ("[rules]\namendments_max = 2\n", set()),
        ("[intake]\nreceive_max = 10\n", {Role.INGEST}),
        ("[retention]\njournal_days = 7\n", {Role.INGEST, Role.PROCESS, Role.DELIVER}),
        ('[[backend]]\nurl = "http://h/e"\n', {Role.DELIVER}),
        ('[console]\nlisten = "127.0.0.1:1"\n', {Role.CONSOLE}),
    ],
)
def test_a_reload_renews_the_roles_that_are_made_of_what_changed(
    config: Path, more: str, afresh: set[Role]
) -> None:
    reload = reloading(config, load_settings(config))
    config.write_text(BROKER + more)
    assert reload() == afresh
    assert reload() == set(), "in force now"


def test_a_reload_renews_nothing_while_a_file_is_broken(config: Path) -> None:
    reload = reloading(config, load_settings(config))
    config.write_text(BROKER + '[fleet]\nsites_file = "sites.csv"\n')
    (config.parent / "sites.csv").write_text("name\nhall\n")
    assert reload() is None
    config.write_text("[broker]\n")
    assert reload() is None


def test_what_only_a_new_start_changes_is_named(config: Path) -> None:
    old = load_settings(config)
    config.write_text(BROKER + '[gateway]\nid = "b"\n[console]\nlisten = ""\n')
    assert changed_for_good(old, load_settings(config)) == ["[gateway]", "[console]"]


def test_a_broken_table_is_refused_before_anything_starts(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(BROKER + '[fleet]\nsites_file = "sites.csv"\n')
    (config.parent / "sites.csv").write_text("name\nhall\n")
    for verb in ("check", "run"):
        assert main([verb, "--config", str(config)]) == 2
        assert "lacks the column id" in capsys.readouterr().err
