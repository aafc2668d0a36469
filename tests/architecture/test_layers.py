"""Imports point downwards; the contracts stand in pyproject.toml."""

import pytest
from importlinter.cli import lint_imports

from tests.architecture.tree import ROOT


def test_imports_keep_their_contracts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert code == 0, capsys.readouterr().out
