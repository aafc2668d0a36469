"""The environment that makes a mutant of the shipped gateway."""

import os
from pathlib import Path

from tests.safety.mutants.sitecustomize import MUTANTS, VARIABLE

__all__ = ["MUTANTS", "mutated"]

_HERE = Path(__file__).parent / "mutants"


def mutated(name: str) -> dict[str, str]:
    """Variables for the gateway's processes; its children inherit them."""
    paths = [str(_HERE), os.environ.get("PYTHONPATH", "")]
    return {
        VARIABLE: name,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
