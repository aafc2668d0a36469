"""A terminal of another make, in a whole gateway: its profile breaks and is mended."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.whole import Whole, arrived, eventually, press

pytestmark = pytest.mark.service

SHIPPED = Path(__file__).parents[3] / "config" / "profiles" / "chinese-gb18030.toml"


def spoken(number: int, label: str) -> bytes:
    """What the terminal sends."""
    body = {"流水号": f"20261121-{number:04}", "评价": label}
    return json.dumps(body, ensure_ascii=False).encode("gb18030")


def test_a_broken_profile_changes_nothing_and_a_mended_one_holds_at_once(
    gateway: Whole, directory: Path
) -> None:
    profile = gateway.directory / "profiles" / "maker.toml"
    profile.parent.mkdir()
    shutil.copy(SHIPPED, profile)
    gateway.sections["[fleet]"] += ['profiles_dir = "profiles"']
    gateway.write()
    (gateway.directory / "devices.csv").write_text(
        "device_id,profile,lifecycle,site\nforeign,maker,active,hall\n", "utf-8"
    )
    gateway.start()
    port = gateway.services.broker_port

    press(port, "foreign", spoken(1, "满意"), spoken(2, "一般"))
    gateway.accepted(1)
    text = profile.read_text("utf-8")
    profile.write_text(text.replace("[scale]", "[scael]"), "utf-8")
    checked = gateway.cli("check")
    gateway.reload()
    eventually(lambda: gateway.log("reload_refused"), "refused")
    press(port, "foreign", spoken(3, "非常满意"))
    gateway.accepted(2)

    assert checked.code == 2
    assert checked.err.strip().endswith(
        f"{profile}: scael: unknown key; did you mean scale?"
    )

    mended = text.replace("scores = {", "scores = { 3 = 6,").replace(
        "labels = {", 'labels = { "一般" = 3,'
    )
    profile.write_text(mended, "utf-8")
    applied = len(gateway.log("settings_applied"))
    gateway.reload()
    eventually(lambda: len(gateway.log("settings_applied")) > applied, "mended")
    replayed = gateway.cli("quarantine", "replay", "--reason", "unknown_level")
    gateway.accepted(3)

    assert replayed.code == 0, replayed.err
    raw_log = directory / "backend.log"
    eventually(lambda: len(arrived(raw_log, "rating.recorded")) == 3, "delivered")
    levels = {
        it["event_id"]: (it["level"], it["level_raw"])
        for it in gateway.ask("ratings")["items"]
    }
    assert levels == {
        "20261121-0001": (4, "满意"),
        "20261121-0002": (3, "一般"),
        "20261121-0003": (5, "非常满意"),
    }
    assert gateway.stop() == 0
