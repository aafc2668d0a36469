"""What a verb's module offers: its name, one line of help, arguments, the work."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Protocol

from gateway.cli.exits import Exit


class Verb(Protocol):
    """A module of this package; `run` may raise PermanentError."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace) -> Exit: ...


def add_config(parser: ArgumentParser) -> None:
    """Add `--config FILE`, required."""
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="gateway.toml"
    )


def add_json(parser: ArgumentParser) -> None:
    """Add `--json`: output for programs."""
    parser.add_argument("--json", action="store_true", help="output for programs")
