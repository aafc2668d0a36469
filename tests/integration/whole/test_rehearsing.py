"""`rehearse` and `explain` beside a gateway at work: nothing of its data changes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.whole import Whole, counts_agree, press, rating

pytestmark = pytest.mark.service


def with_rules(gateway: Whole, *lines: str) -> Path:
    """A copy of its configuration with other rules."""
    text = gateway.config.read_text("utf-8").replace(
        "rating_window_days = 5", "\n".join(["rating_window_days = 5", *lines])
    )
    new = gateway.directory / "new.toml"
    new.write_text(text, "utf-8")
    return new


def test_other_rules_are_tried_while_ratings_come_in(gateway: Whole) -> None:
    gateway.start()
    port = gateway.services.broker_port
    press(port, "dev-1", rating("A1", 3, session_id="A1"))
    press(port, "dev-1", rating("B1", 5, session_id="A1"))
    gateway.accepted(2)
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    files = {path.name for path in gateway.data_dir.iterdir()}
    beside = {path.name for path in gateway.directory.iterdir()} | {"new.toml"}
    own = gateway.cli("rehearse", "--from", since, "--json")
    new = with_rules(gateway, 'multi_press = "last"')
    config, gateway.config = gateway.config, new
    other = gateway.cli("rehearse", "--from", since, "--json")
    gateway.config = config
    press(port, "dev-1", rating("C1", 4, session_id="C1"))
    gateway.accepted(3)
    explained = gateway.cli("explain", "dev-1:event-B1")

    assert own.code == 0, own.err
    assert not json.loads(own.out)["differs"]
    (session,) = json.loads(other.out)["sessions"]["items"]
    assert session["session_key"] == "hall:A1:0:1"
    assert session["after"]["level"] == 5
    assert "multi_press = first" in explained.out
    assert {path.name for path in gateway.data_dir.iterdir()} == files
    assert {path.name for path in gateway.directory.iterdir()} == beside
    assert counts_agree(gateway.ask("pipeline"))
    assert gateway.cli("verify").code == 0
