"""`evalgate conformance`: starts the kit, which is a program of its own."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace

from gateway.cli.exits import Exit

NAME = "conformance"
HELP = "examine a terminal through a test broker: level A, B or C, and why"


def add_arguments(parser: ArgumentParser) -> None:
    # With no prefix of its own, the parser leaves the other program's options alone.
    parser.prefix_chars = "\0"
    parser.add_argument("arguments", nargs="*", help=SUPPRESS)


def run(args: Namespace) -> Exit:
    """Become the kit: its exit code is ours."""
    command = [sys.executable, "-m", "simulators", "conformance", *args.arguments]
    os.execv(sys.executable, command)  # noqa: S606 -- our own command line
