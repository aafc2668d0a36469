"""What the verbs share that hand over to `python -m simulators`, another program."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from typing import NoReturn


def add_arguments(parser: ArgumentParser) -> None:
    """Take every word as it is, `--help` too: the other program knows its options."""
    # With no prefix of its own, the parser leaves options alone.
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs="*", help=SUPPRESS)


def become(name: str, arguments: Sequence[str]) -> NoReturn:
    """Run `name` of the simulators in this process's place: its exit code is ours."""
    command = [sys.executable, "-m", "simulators", name, *arguments]
    os.execv(sys.executable, command)  # noqa: S606 -- our own command line
