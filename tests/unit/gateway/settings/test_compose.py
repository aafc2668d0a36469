"""The configuration inside docker-compose.yml is a valid one."""

import textwrap
from pathlib import Path

from gateway.settings import load_settings

COMPOSE = Path(__file__).parents[4] / "docker-compose.yml"


def test_the_compose_files_gateway_can_start(tmp_path: Path) -> None:
    _, _, rest = COMPOSE.read_text("utf-8").partition("  gateway:\n    content: |\n")
    block, _, _ = rest.partition("\nvolumes:")
    (tmp_path / "gateway.toml").write_text(textwrap.dedent(block), "utf-8")
    environ = {"EVALGATE__INFLUXDB__MAIN__TOKEN": "t"}
    settings = load_settings(tmp_path / "gateway.toml", environ)
    assert settings.broker.port == 1883
    assert [sink.name for sink in settings.sinks] == ["main"]
