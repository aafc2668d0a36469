"""`evalgate conformance`: starts the conformance kit, a program of its own."""

from argparse import Namespace
from typing import NoReturn

from gateway.cli.outsiders import add_arguments, become

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "conformance"
HELP = "examine a terminal through a test broker: level A, B or C, and why"


def run(args: Namespace) -> NoReturn:
    become(NAME, args.arguments)
