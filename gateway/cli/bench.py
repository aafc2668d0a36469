"""`evalgate bench`: starts the benchmark, which is a program of its own."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace

from gateway.cli.exits import Exit

NAME = "bench"
HELP = "measure this gateway; every option goes to `python -m simulators bench`"


def add_arguments(parser: ArgumentParser) -> None:
    # With no prefix of its own, the parser leaves the other program's options alone.
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs="*", help=SUPPRESS)


def run(args: Namespace) -> Exit:
    """Become the benchmark: its exit code is ours."""
    command = [sys.executable, "-m", "simulators", "bench", *args.arguments]
    os.execv(sys.executable, command)  # noqa: S606 -- our own command line
