"""`evalgate demo`: the whole system on this machine, and what it does."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Final

from gateway.cli.exits import Exit

NAME = "demo"
HELP = "everything on this machine: broker, gateway, terminals, sinks, a live picture"
EXAMPLES = ("demo", "demo --seconds 30 --terminals 200 | tail -1")

_TERMINALS: Final = 24
_TERMINALS_MAX: Final = 1000


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--seconds", type=_seconds, metavar="N", help="end by itself (default: Ctrl-C)"
    )
    parser.add_argument(
        "--terminals",
        type=_terminals,
        default=_TERMINALS,
        metavar="N",
        help=f"how many are simulated, 1 to {_TERMINALS_MAX} (default: {_TERMINALS})",
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave data and logs behind, and say where"
    )
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.svg", help="save the last picture there"
    )


def run(args: Namespace) -> Exit:
    from gateway.cli.demo.show import show  # noqa: PLC0415 -- help does without

    return show(args.terminals, args.seconds, args.picture, keep=args.keep)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no time: give seconds above 0")
    return seconds


def _terminals(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _TERMINALS_MAX:
        raise ArgumentTypeError(f"{text!r}: give a number from 1 to {_TERMINALS_MAX}")
    return int(text)
