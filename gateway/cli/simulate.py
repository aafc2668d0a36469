"""`evalgate simulate`: starts the simulated terminals, a program of its own."""

from argparse import Namespace
from typing import NoReturn

from gateway.cli.outsiders import add_arguments, become

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "simulate"
HELP = "terminals by the thousand, with faults; --list names the scenarios"


def run(args: Namespace) -> NoReturn:
    become(NAME, args.arguments)
