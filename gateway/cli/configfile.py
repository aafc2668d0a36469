"""Which configuration a verb uses when the command line names none."""

import os
from argparse import ArgumentTypeError
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "EVALGATE_CONFIG"
NAME: Final = "gateway.toml"
_SYSTEM: Final = Path("/etc/evalgate")


def find(
    environ: Mapping[str, str] = os.environ, system: Path = _SYSTEM
) -> Path | None:
    """The file that `EVALGATE_CONFIG` names, else ./gateway.toml, else the system's."""
    if named := environ.get(VARIABLE):
        return Path(named)
    places = (Path(NAME), system / NAME)
    return next((path for path in places if path.exists()), None)


def given(text: str) -> Path:
    """The type of `--config`; an empty text asks for the one that is found."""
    found = Path(text) if text else find()
    if found is None:
        raise ArgumentTypeError(
            f"no configuration: name one, or set {VARIABLE}, or work in a folder with"
            f' {NAME}; "evalgate init DIR" makes one'
        )
    return found


def origin(config: Path) -> str:
    """A remark for an error line when nobody typed the name of the file."""
    return f" [configuration: {config}]" if config == find() else ""
