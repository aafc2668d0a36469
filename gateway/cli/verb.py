"""What a verb's module offers: its name, one line of help, arguments, the work."""

from argparse import ArgumentParser, Namespace
from typing import Protocol

from gateway.cli.configfile import given
from gateway.cli.exits import Exit


class Verb(Protocol):
    """A module of this package; `run` may raise PermanentError.

    Its `EXAMPLES`, if it has any, are command lines without `evalgate`, for its help.
    """

    NAME: str
    HELP: str

    def add_arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, args: Namespace) -> Exit: ...


def add_config(parser: ArgumentParser) -> None:
    """Add `--config FILE`: `args.config` is a path, found when none is given."""
    parser.add_argument(
        "--config",
        type=given,
        default="",
        metavar="FILE",
        help="default: $EVALGATE_CONFIG, ./gateway.toml, /etc/evalgate/gateway.toml",
    )


def add_json(parser: ArgumentParser) -> None:
    """Add `--json`: output for programs."""
    parser.add_argument("--json", action="store_true", help="output for programs")
