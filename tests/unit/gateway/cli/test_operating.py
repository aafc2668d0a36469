"""What docs/operating.md tells an operator to type, and the alerts it explains."""

import re
import shlex
from pathlib import Path

import pytest

from gateway.cli.main import parser

ROOT = Path(__file__).parents[4]
TEXT = (ROOT / "docs" / "operating.md").read_text("utf-8")
COMMANDS = re.findall(r"^evalgate (.*?)(?:\s+#.*)?$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_document_is_one_that_we_have(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = shlex.split(command)
    monkeypatch.setenv("EVALGATE_CONFIG", "gateway.toml")
    assert words[0] == parser(words[:1]).parse_args(words).verb.NAME


def test_every_cause_of_an_alert_is_explained() -> None:
    sources = (ROOT / "gateway" / "processing").rglob("*.py")
    code = "\n".join(path.read_text("utf-8") for path in sources)
    pattern = (
        r'(?:raise_alert\(\s*(?:\w|\.)+,|_alarm\(|CLOCK_SUSPECT: Final = )\s*\(?"(\w+)"'
    )
    causes = set(re.findall(pattern, code))
    explained = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert {"link_down", "sink", "gap", "id_conflict", "disk_full"} <= causes
    assert causes <= explained
