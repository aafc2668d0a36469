"""Arguments in, exit code out; every fault is one line that says what to do."""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final, cast

from gateway import __version__
from gateway.cli.configfile import origin
from gateway.cli.exits import Exit
from gateway.cli.parsing import Overview, Parser, nearest
from gateway.cli.verb import Verb
from gateway.errors import PermanentError, TransientError
from gateway.settings import SettingsError

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "set up": ("init", "check", "doctor", "run"),
    "watch": (
        "status",
        "top",
        "trace",
        "explain",
        "verify",
        "reconciliation",
        "streaks",
        "availability",
        "maintenance",
    ),
    "mend": (
        "alerts",
        "devices",
        "command",
        "settings",
        "inspections",
        "visits",
        "quarantine",
        "deadletters",
        "sinks",
        "clock",
    ),
    "forget": ("erase",),
    "keep": ("backup", "restore", "keys", "token", "user"),
    "build on it": ("schema",),
    "try and measure": ("rehearse", "demo", "simulate", "conformance", "bench"),
}
VERBS: Final = tuple(name for names in GROUPS.values() for name in names)

_DESCRIPTION: Final = "Gateway for service evaluation terminals."
_EPILOG: Final = """\
"evalgate COMMAND --help" shows options and examples. Without --config FILE the file is
the one in EVALGATE_CONFIG, else ./gateway.toml, else /etc/evalgate/gateway.toml.
Exit codes: 0 ok, 1 failed, 2 usage or configuration."""


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
    args = parser(given[:1]).parse_args(given)
    verb: Verb = args.verb
    try:
        return verb.run(args)
    except SettingsError as error:
        for problem in error.problems:
            _complain(_placed(problem, args))
        return Exit.USAGE
    except (PermanentError, TransientError) as error:
        found = origin(args.config) if "config" in args else ""
        _complain(f"{error}{found}")
        return Exit.FAILED
    except BrokenPipeError:  # `evalgate … | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except KeyboardInterrupt:
        _complain("interrupted")
        return Exit.FAILED


def parser(first: Sequence[str]) -> Parser:
    """All verbs, or only the one that is `first`: a role does not pay for others."""
    known = set(first) & set(VERBS)
    overview = Overview(prog="evalgate", description=_DESCRIPTION, epilog=_EPILOG)
    if first and not known and not first[0].startswith("-"):
        overview.error(f"there is no verb {first[0]!r}{nearest(first[0], VERBS)}")
    overview.add_argument(
        "--version", action="version", version=f"evalgate {__version__}"
    )
    commands = overview.add_subparsers(
        required=True, metavar="COMMAND", parser_class=Parser
    )
    helps: dict[str, str] = {}
    for name in first if known else VERBS:
        verb = cast("Verb", import_module(f"gateway.cli.{name}"))
        helps[name] = verb.HELP
        subparser = commands.add_parser(
            verb.NAME,
            help=verb.HELP,
            description=verb.HELP,
            examples=getattr(verb, "EXAMPLES", ()),
        )
        verb.add_arguments(subparser)
        subparser.set_defaults(verb=verb)
    overview.groups = {
        title: {name: helps[name] for name in names if name in helps}
        for title, names in GROUPS.items()
    }
    return overview


def _placed(problem: str, args: Namespace) -> str:
    """The problem after the name of its file, which a long path may hold already."""
    config: Path | None = getattr(args, "config", None)
    if config is None or problem.startswith((str(config), "EVALGATE__")):
        return problem
    return f"{config}: {problem}"


def _complain(line: str) -> None:
    sys.stderr.write(f"evalgate: {line}\n")
