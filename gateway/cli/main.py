"""Arguments in, exit code out; every fault is one line that says what to do."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Final, cast

from gateway import __version__
from gateway.cli.exits import Exit
from gateway.cli.verb import Verb
from gateway.errors import PermanentError, TransientError
from gateway.settings import SettingsError

VERBS: Final = (
    "run",
    "check",
    "status",
    "devices",
    "quarantine",
    "deadletters",
    "sinks",
    "clock",
    "verify",
    "bench",
)


def _import_structlog() -> None:
    """Without rich, which it would have print traces: 60 ms and 6 MB a process."""
    if "rich" not in sys.modules:
        sys.modules["rich"] = cast("ModuleType", None)  # an import of it fails
        import_module("structlog")
        del sys.modules["rich"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 ok, 1 failed, 2 usage or configuration."""
    _import_structlog()
    given = sys.argv[1:] if argv is None else argv
    args = _parser(given[:1]).parse_args(given)
    verb: Verb = args.verb
    try:
        return verb.run(args)
    except SettingsError as error:
        for problem in error.problems:
            _complain(problem)
        return Exit.USAGE
    except (PermanentError, TransientError) as error:
        _complain(str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        _complain("interrupted")
        return Exit.FAILED


def _parser(first: Sequence[str]) -> ArgumentParser:
    """All verbs, or only the one that is `first`: a role does not pay for others."""
    parser = ArgumentParser(
        prog="evalgate", description="Gateway for service evaluation terminals."
    )
    parser.add_argument(
        "--version", action="version", version=f"evalgate {__version__}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in first if set(first) & set(VERBS) else VERBS:
        verb = cast("Verb", import_module(f"gateway.cli.{name}"))
        subparser = commands.add_parser(
            verb.NAME, help=verb.HELP, description=verb.HELP
        )
        verb.add_arguments(subparser)
        subparser.set_defaults(verb=verb)
    return parser


def _complain(line: str) -> None:
    sys.stderr.write(f"evalgate: {line}\n")
