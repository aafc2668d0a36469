"""`evalgate run`: the gateway, all roles supervised, or one of them by hand."""

import asyncio
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import structlog

from gateway.cli.exits import Exit
from gateway.cli.main import main
from gateway.cli.usable import load_usable
from gateway.cli.verb import add_config
from gateway.errors import PermanentError, TransientError
from gateway.observability.logging import configure_logging
from gateway.settings import Settings, SettingsError, load_settings
from gateway.settings.model import SINK_TABLES
from gateway.settings.pending import without_effect
from gateway.supervisor import (
    Limits,
    OrphanedError,
    Role,
    directory_lock,
    pid_file,
    prepare,
    role_lock,
    supervise,
    tie_to_parent,
    wait_for_ingest,
)

NAME = "run"
HELP = "run the gateway until SIGTERM or Ctrl-C; SIGHUP reads the configuration again"
EXAMPLES = (
    "run",
    "run --role ingest           # one role alone, to look at it",
)

log = structlog.get_logger("run")


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--role",
        choices=list(Role),
        metavar="ROLE",
        help=f"one role alone: {', '.join(Role)} (default: all, supervised)",
    )
    parser.add_argument("--supervisor-pid", type=int, help=SUPPRESS)


def run(args: Namespace) -> Exit:
    # A role comes up again even when a table has been broken meanwhile.
    load = load_settings if args.role else load_usable
    settings = load(args.config)
    configure_logging(settings.gateway.log_level, args.role or "supervisor")
    for warning in settings.absent_tables():
        log.warning("table_missing", detail=warning)
    config = args.config.absolute()
    if args.role is None:
        for warning in settings.unsigned_backends():
            log.warning("sink_unsigned", detail=warning)
        _run_all(config, settings)
        return Exit.OK
    if args.supervisor_pid is None:
        return _run_by_hand(settings, config, Role(args.role))
    role = Role(args.role)
    return _run_supervised(settings, config, role, args.supervisor_pid)


def _run_all(config: Path, settings: Settings) -> None:
    limits = Limits(stop_timeout_ms=int(settings.gateway.stop_timeout_s * 1000))
    supervise(
        settings.gateway.data_dir,
        lambda role, pid: main(_arguments(config, role, pid)),
        reloading(config, settings),
        limits,
        roles_of(settings),
    )


def roles_of(settings: Settings) -> tuple[Role, ...]:
    """The roles to run: no console where it is switched off."""
    off = {Role.CONSOLE} if settings.console.address is None else set()
    return tuple(role for role in Role if role not in off)


def _arguments(config: Path, role: Role, supervisor_pid: int) -> list[str]:
    one = ["run", "--config", str(config), "--role", role]
    return [*one, "--supervisor-pid", str(supervisor_pid)]


def reloading(config: Path, settings: Settings) -> Callable[[], set[Role] | None]:
    """What SIGHUP asks for: the roles to start afresh; None when the file is broken.

    `process` puts rules, tables and sinks into force while it runs; others start anew.
    """
    in_force = settings

    def reload() -> set[Role] | None:
        nonlocal in_force
        try:
            wanted = load_usable(config)
        except SettingsError as error:
            log.error("reload_refused", problems=error.problems)  # noqa: TRY400 -- a trace would not help an operator
            return None
        for key in changed_for_good(in_force, wanted):
            log.warning("restart_needed", detail=f"{key} changes at the next start")
        afresh = roles_made_of(in_force, wanted)
        in_force = wanted
        return afresh

    return reload


def roles_made_of(old: Settings, new: Settings) -> set[Role]:
    """The roles to which the difference matters, but for what `process` applies."""
    pressing = bool(new.canary.every_s)
    made_of = {
        Role.INGEST: ("broker", "intake", "retention"),
        Role.PROCESS: ("retention", "backup"),
        Role.DELIVER: ("broker", "retention", *SINK_TABLES),
        Role.CONSOLE: ("console", "canary", *("broker",) * pressing),
    }
    return {
        role
        for role, sections in made_of.items()
        if any(getattr(old, name) != getattr(new, name) for name in sections)
    }


def changed_for_good(old: Settings, new: Settings) -> list[str]:
    """Keys that only a new start of the whole gateway puts into force."""
    switched = bool(old.console.listen) != bool(new.console.listen)
    return ["[gateway]"] * (old.gateway != new.gateway) + ["[console]"] * switched


def _run_supervised(
    settings: Settings, config: Path, role: Role, supervisor_pid: int
) -> Exit:
    try:
        tie_to_parent(supervisor_pid)
    except OrphanedError as error:
        log.warning("role_orphaned", detail=str(error))
        return Exit.FAILED
    from gateway.app import load_role  # noqa: PLC0415 -- the supervisor needs none of it

    data_dir = settings.gateway.data_dir
    with role_lock(data_dir, role):
        load_role(role)  # before the wait: then ingest opens the journal meanwhile
        if role is not Role.INGEST:
            wait_for_ingest(data_dir)
        return _work(settings, config, role)


def _run_by_hand(settings: Settings, config: Path, role: Role) -> Exit:
    data_dir = settings.gateway.data_dir
    prepare(data_dir)
    with ExitStack() as owned:
        owned.enter_context(directory_lock(data_dir, shared=True))
        owned.enter_context(role_lock(data_dir, role, wait_s=0))
        owned.enter_context(pid_file(data_dir, role))
        return _work(settings, config, role)


def _work(settings: Settings, config: Path, role: Role) -> Exit:
    from gateway.app import run_role  # noqa: PLC0415 -- the supervisor needs none of it

    if role is Role.PROCESS:  # once, by the role whose rules do not read them
        for warning in without_effect(settings):
            log.warning("key_without_effect", detail=warning)
    code = Exit.OK
    try:
        asyncio.run(run_role(settings, config, role))
    except* (PermanentError, TransientError) as group:
        code = Exit.FAILED
        for error in leaves(group):
            kind = type(error).__name__
            log.error("role_failed", detail=str(error), kind=kind)  # noqa: TRY400 -- a trace would not help an operator
    return code


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors that a group of groups holds."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
