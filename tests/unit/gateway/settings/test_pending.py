"""A key that does nothing yet says so."""

from pathlib import Path

from gateway.settings import Settings
from gateway.settings.pending import without_effect

BROKER = {"url": "mqtt://127.0.0.1"}


def lines(**tables: object) -> list[str]:
    return list(without_effect(Settings.model_validate({"broker": BROKER, **tables})))


def test_defaults_promise_nothing() -> None:
    assert lines() == []


def test_each_key_that_is_given_and_not_read_has_a_line() -> None:
    rules = {"default_enabled": True, "session_mode": "required", "multi_press": "last"}
    found = lines(rules=rules, backup={"directory": "copies"})
    assert [line.partition(":")[0] for line in found] == [
        "rules.default_enabled",
        "rules.session_mode",
        "backup.directory",
    ]


def test_keys_of_a_profile_that_nothing_reads_yet_have_a_line(tmp_path: Path) -> None:
    (tmp_path / "maker.toml").write_text('charset = "gbk"\nreporting = "batch"\n')

    (line,) = lines(fleet={"profiles_dir": str(tmp_path)})

    assert line.startswith(f"{tmp_path / 'maker.toml'}: reporting: ")
