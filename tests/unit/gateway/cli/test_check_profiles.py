"""What `evalgate check` and `evalgate run` say of device profiles."""

from pathlib import Path

import pytest

from gateway.cli.main import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[broker]\nurl = "mqtt://127.0.0.1"\n'
        '[fleet]\nprofiles_dir = "profiles"\ndevices_file = "devices.csv"\n'
    )
    return path


@pytest.mark.parametrize("verb", ["check", "run"])
def test_a_broken_profile_is_a_line_a_fault_with_its_file(
    config: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = config.parent / "profiles" / "maker.toml"
    faulty.write_text('charset = "gb18031"\nreporting = 5\n')

    assert main([verb, "--config", str(config)]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert [line.split(f"{faulty}: ")[1] for line in lines] == [
        "charset: no character set 'gb18031'; did you mean gb18030?",
        "reporting: must be 'realtime' or 'batch'",
    ]


def test_devices_whose_profile_is_not_there_are_a_warning(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "profiles" / "maker-a.toml").touch()
    (config.parent / "devices.csv").write_text(
        "device_id,profile\nd-1,maker-a\nd-2,maker-b\nd-3,maker-b\nd-4,\n"
    )

    assert main(["check", "--config", str(config)]) == 0

    assert (
        "devices.csv: 2 devices have the profile 'maker-b', and fleet.profiles_dir "
        "has no such file; did you mean maker-a?"
    ) in capsys.readouterr().out
