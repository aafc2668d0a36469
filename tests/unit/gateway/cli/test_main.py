"""Exit codes and lines of the command."""

import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from gateway.cli.main import GROUPS, VERBS, main, parser
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


def test_check_warns_of_a_backend_whose_events_anybody_could_forge(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backends = '[[backend]]\nname = "{}"\nurl = "https://host.example/"\n'
    signed = backends.format("signed") + 'secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="\n'
    config.write_text(config.read_text() + signed + backends.format("bare"))
    assert main(["check", "--config", str(config)]) == 0
    warnings = [
        line for line in capsys.readouterr().out.splitlines() if "warning" in line
    ]
    assert warnings == [
        "warning: backend bare: no secret_file: requests are not signed"
    ]


def test_a_broken_configuration_is_exit_code_2_and_a_line_a_fault(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[broker]\n[intake]\nreceive_max = 0\n")
    for verb in ("check", "run"):
        assert main([verb, "--config", str(config)]) == 2
        assert capsys.readouterr().err.splitlines() == [
            f"evalgate: {config}: broker.url: is missing: add it",
            f"evalgate: {config}: intake.receive_max: must be at least 1",
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


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("argv", "advice"),
    [
        ("", "are required: COMMAND"),
        ("statsu", "there is no verb 'statsu': did you mean status?"),
        ("xyzzy", "there is no verb 'xyzzy': choose "),
        ("run --role cook", "there is no 'cook'"),
        ("devices aprove d-1", "there is no 'aprove': did you mean approve?"),
        ("run --role ingst", "there is no 'ingst': did you mean ingest?"),
        ("run", "no configuration: name one, or set EVALGATE_CONFIG, or work in"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_line_that_says_what_to_do(
    argv: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv.split())
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("evalgate: ")
    assert advice in line
    assert '--help" shows how' in line


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALGATE_CONFIG", raising=False)
    return tmp_path


def test_the_configuration_of_the_working_folder_is_found(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "gateway.toml").write_text('[broker]\nurl = "mqtt://here"\n')
    assert main(["check"]) == 0
    assert "mqtt://here" in capsys.readouterr().out


def test_the_variable_names_the_configuration_before_the_folder_does(
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (elsewhere / "gateway.toml").write_text('[broker]\nurl = "mqtt://here"\n')
    named = elsewhere / "other.toml"
    named.write_text('[console]\nlisten = ""\n[broker]\nurl = "mqtt://h"\n')
    monkeypatch.setenv("EVALGATE_CONFIG", str(named))
    assert main(["status"]) == 1
    error = capsys.readouterr().err
    assert error.endswith(f" [configuration: {named}]\n"), "which file was used"


def test_help_groups_the_verbs_by_what_they_are_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for title, names in GROUPS.items():
        block = out.partition(f"\n{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in block.splitlines()] == list(names)


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


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_its_module_and_a_line_of_help(name: str) -> None:
    module = import_module(f"gateway.cli.{name}")
    assert name == module.NAME
    assert f"  {module.HELP}\n" in parser([]).format_help()
    assert "\n" not in module.HELP


@pytest.mark.parametrize("name", VERBS)
def test_every_example_of_a_verb_can_be_typed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALGATE_CONFIG", "gateway.toml")
    module = import_module(f"gateway.cli.{name}")
    for example in getattr(module, "EXAMPLES", ()):
        words = shlex.split(re.split(r"\s+[#|>]", example)[0])
        assert words[0] == parser(words[:1]).parse_args(words).verb.NAME


def test_the_help_of_a_verb_shows_its_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["trace", "--help"])
    assert "examples:\n  evalgate trace " in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["bench", "simulate", "conformance"])
def test_a_program_of_its_own_gets_all_its_options(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _path, command: started.append(command))
    main([verb, "--n", "5", "--help"])
    assert started[0][1:] == ["-m", "simulators", verb, "--n", "5", "--help"]
