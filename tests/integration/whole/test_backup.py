"""Backups of a gateway that runs, and the disk that is lost after the last one."""

import shutil
from pathlib import Path

import pytest

from gateway.app.backup import backups_in
from simulators.services import Mosquitto
from tests.support.whole import Whole, counts_agree, eventually, press, rating

pytestmark = pytest.mark.service


def test_a_lost_disk_costs_what_came_after_the_last_backup(
    gateway: Whole, broker: Mosquitto, directory: Path
) -> None:
    backups, keyring = directory / "backups", gateway.directory / "keyring"
    del gateway.sections["[[backend]]"]
    gateway.write()
    gateway.start()
    eventually(lambda: "backup_off" in gateway.alerts(), "the alert that none are made")
    refused = gateway.cli("backup", "--to", str(backups))
    assert refused.code == 1
    assert "key 1 was never exported" in refused.err
    assert gateway.cli("keys", "export", str(directory / "recovery.key")).code == 0
    press(broker.port, "dev-1", rating("0001"), rating("0002"))
    gateway.accepted(2)

    gateway.sections["[backup]"] = [f'directory = "{backups}"']
    gateway.write()
    gateway.reload()
    eventually(lambda: backups_in(backups, "hall"), "a scheduled backup")
    eventually(lambda: "backup_off" not in gateway.alerts(), "the alert is over")
    press(broker.port, "dev-1", rating("0003"))
    gateway.accepted(3)
    done = gateway.cli("backup")
    assert done.code == 0, done.err
    assert "Not in it: the keyring" in done.out
    newest = backups_in(backups, "hall")[-1]
    assert str(newest) in done.out
    press(broker.port, "dev-1", rating("0004"))
    gateway.accepted(4)
    eventually(lambda: gateway.sink("points")["delivered"] >= 4, "delivered")

    assert gateway.stop() == 0
    shutil.rmtree(gateway.data_dir)
    keyring.unlink()
    assert "put the exported copy back" in gateway.cli("restore", str(newest)).err
    shutil.copy(directory / "recovery.key", keyring)
    done = gateway.cli("restore", str(newest))
    assert done.code == 0, done.err
    assert "generation 2 begins" in done.out
    gateway.start()
    assert newest.name in gateway.alerts()["restored"]
    assert gateway.ask("pipeline")["accepted"] == 3
    press(broker.port, "dev-1", rating("0003"), rating("0004"))  # a terminal repeats
    gateway.accepted(4)
    eventually(lambda: gateway.ask("pipeline")["duplicate"] == 1, "the repetition")
    eventually(lambda: gateway.sink("points")["owed"] == 0, "delivered")
    assert counts_agree(gateway.ask("pipeline"))
    done = gateway.cli("verify")
    assert done.code == 0, done.out
    assert gateway.stop() == 0
    assert sorted(it.name for it in gateway.data_dir.glob("*.db")) == [
        "delivery.db",
        "journal.db",
        "ledger.db",
    ]
