"""Exit codes and lines of the command."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from gateway.cli.main import VERBS, main
from gateway.cli.run import roles_of
from gateway.settings import load_settings
from gateway.supervisor import Role, directory_lock, prepare


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtt://127.0.0.1"\n')
    return path


def test_check_says_ok_and_what_it_found(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("ok: gateway evalgate, sinks: none\n")


def test_check_starts_and_writes_nothing(config: Path) -> None:
    main(["check", "--config", str(config)])
    assert list(config.parent.iterdir()) == [config]


def test_a_broken_configuration_is_exit_code_2_and_a_line_a_fault(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[broker]\n[intake]\nreceive_max = 0\n")
    for verb in ("check", "run"):
        assert main([verb, "--config", str(config)]) == 2
        assert capsys.readouterr().err.splitlines() == [
            "evalgate: broker.url: is missing: add it",
            "evalgate: intake.receive_max: must be at least 1",
        ]


def test_check_for_programs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(config)]) == 0
    good = json.loads(capsys.readouterr().out)
    assert good == {"ok": True, "problems": [], "warnings": []}
    config.write_text('[broker]\nurl = "mqtt://h"\n[fleet]\nsites_file = "s.csv"\n')
    assert main(["check", "--json", "--config", str(config)]) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warning.startswith("fleet.sites_file: ")
    config.write_text("")
    assert main(["check", "--json", "--config", str(config)]) == 2
    bad = json.loads(capsys.readouterr().out)
    assert bad["problems"] == ["broker: is missing: add it"]


@pytest.mark.parametrize("argv", [[], ["fly"], ["run"], ["run", "--role", "cook"]])
def test_wrong_usage_is_exit_code_2(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2


def test_a_taken_directory_is_exit_code_1_and_one_line(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_dir = config.parent / "data"
    prepare(data_dir)
    with directory_lock(data_dir):
        assert main(["run", "--config", str(config)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "is held by process" in line


def test_a_console_that_is_switched_off_is_not_started(config: Path) -> None:
    assert Role.CONSOLE in roles_of(load_settings(config, {}))
    text = config.read_text() + '[console]\nlisten = ""\n'
    config.write_text(text)
    assert Role.CONSOLE not in roles_of(load_settings(config, {}))


@pytest.mark.parametrize("name", [verb for verb in VERBS if verb != "bench"])
def test_every_verb_has_its_module_and_a_line_of_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = import_module(f"gateway.cli.{name}")
    assert name == module.NAME
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert " ".join(module.HELP.split()) in " ".join(capsys.readouterr().out.split())


def test_the_benchmark_gets_all_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _path, command: started.append(command))
    main(["bench", "--n", "5", "--help"])
    assert started[0][1:] == ["-m", "simulators", "bench", "--n", "5", "--help"]
