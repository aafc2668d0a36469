"""Each mutant patches what is there, or the process ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.safety.mutation import MUTANTS, mutated

ROOT = Path(__file__).parents[3]


def program(text: str, mutant: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **mutated(mutant)},
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_is_in_force_once_its_module_is_imported(mutant: str) -> None:
    module, _ = MUTANTS[mutant]
    done = program(f"import {module}", mutant)
    assert done.returncode == 0
    assert done.stderr == f"mutant in force: {mutant}\n"


def test_a_mutant_that_does_not_exist_ends_the_process() -> None:
    done = program("print('alive')", "ack_never")
    assert done.returncode != 0
    assert "ack_never: not one of" in done.stderr
    assert "alive" not in done.stdout


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_renamed_method_breaks_the_import(mutant: str) -> None:
    text = f"""
import types
from tests.safety.mutants.sitecustomize import MUTANTS
owner = type("Other", (), {{}})
module = types.SimpleNamespace(Intake=owner, Judging=owner, MqttLink=owner)
MUTANTS[{mutant!r}][1](module)
"""
    done = program(text, mutant)
    assert done.returncode == 1
    assert "KeyError" in done.stderr
