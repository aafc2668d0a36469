"""Acts of verbs with the gateway stopped: records that its next start carries out."""

from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.support.stores import Stores

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("devices approve d-1 --site hall", "device_approved"),
        ("devices retire d-1", "device_retired"),
        ("quarantine purge --id 1 2", "quarantine_purged"),
        ("deadletters replay --sink business", "deadletters_replayed"),
        ("sinks enable business", "sink_enabled"),
        ("alerts resolve 3", "alert_resolved"),
    ],
)
def test_what_a_stopped_gateway_is_asked_for_is_recorded_for_its_start(
    tmp_path: Path, capsys: Captured, words: str, topic: str
) -> None:
    stores = Stores(tmp_path)
    stores.start()
    with stores.config.open("a") as file:
        file.write('[console]\nlisten = "127.0.0.1:1"\n')
    assert main([*words.split(), "--config", str(stores.config)]) == 0
    assert capsys.readouterr().out == "recorded at 1.3.0.0, not processed yet\n"
    newest = stores.journal.read()[-1]
    assert newest.records is not None
    assert [record.topic for record in newest.records] == [topic]
    stores.fold()
    assert stores.failed() == []


def test_what_needs_an_answer_needs_the_gateway(
    tmp_path: Path, capsys: Captured
) -> None:
    stores = Stores(tmp_path)
    stores.start()
    with stores.config.open("a") as file:
        file.write('[console]\nlisten = "127.0.0.1:1"\n')
    for words in ("devices list", "alerts snooze 3 --until 2026-11-21T12:00:00Z"):
        assert main([*words.split(), "--config", str(stores.config)]) == 1
        assert "no gateway answers" in capsys.readouterr().err
    assert len(stores.journal.read()) == 2


@pytest.mark.parametrize(
    "words", [["confirm", f"{10**30}"], ["resolve", "3", "\udcff"]]
)
def test_what_no_start_could_carry_out_is_not_recorded(
    tmp_path: Path, capsys: Captured, words: list[str]
) -> None:
    stores = Stores(tmp_path)
    stores.start()
    with stores.config.open("a") as file:
        file.write('[console]\nlisten = "127.0.0.1:1"\n')
    given = [*words[:2], *(f"--reason={reason}" for reason in words[2:])]
    assert main(["alerts", *given, "--config", str(stores.config)]) == 1
    assert "this cannot be done: " in capsys.readouterr().err
    assert len(stores.journal.read()) == 2
