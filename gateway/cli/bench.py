"""`evalgate bench`: starts the benchmark, a program of its own."""

from argparse import Namespace
from typing import NoReturn

from gateway.cli.outsiders import add_arguments, become

__all__ = ["HELP", "NAME", "add_arguments", "run"]

NAME = "bench"
HELP = "measure this gateway; every option goes to `python -m simulators bench`"


def run(args: Namespace) -> NoReturn:
    become(NAME, args.arguments)
