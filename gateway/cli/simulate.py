"""`evalgate simulate`: starts the simulated terminals, a program of its own."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace

from gateway.cli.exits import Exit

NAME = "simulate"
HELP = "terminals by the thousand, with faults; --list names the scenarios"


def add_arguments(parser: ArgumentParser) -> None:
    # With no prefix of its own, the parser leaves the other program's options alone.
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs="*", help=SUPPRESS)


def run(args: Namespace) -> Exit:
    """Become the simulator: its exit code is ours."""
    command = [sys.executable, "-m", "simulators", "simulate", *args.arguments]
    os.execv(sys.executable, command)  # noqa: S606 -- our own command line
