"""`evalgate check`: is the configuration usable? Nothing is started or written."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from gateway.cli.exits import Exit
from gateway.cli.output import write_json
from gateway.cli.usable import load_usable
from gateway.cli.verb import add_config, add_json
from gateway.settings import Settings, SettingsError
from gateway.settings.pending import without_effect

NAME = "check"
HELP = "validate a configuration, whole, without starting anything"
EXAMPLES = (
    "check",
    "check --config /etc/evalgate/gateway.toml --json",
)


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    try:
        settings = load_usable(args.config)
    except SettingsError as error:
        if not args.json:
            raise
        _print_json(problems=error.problems, warnings=())
        return Exit.USAGE
    from gateway.app.wanted import missing_profiles  # noqa: PLC0415 -- only this verb

    warnings = (
        *settings.absent_tables(),
        *settings.unsigned_backends(),
        *missing_profiles(settings),
        *without_effect(settings),
    )
    if args.json:
        _print_json(problems=(), warnings=warnings)
    else:
        sys.stdout.write(_summary(args.config, settings, warnings))
    return Exit.OK


def _print_json(*, problems: tuple[str, ...], warnings: tuple[str, ...]) -> None:
    write_json({"ok": not problems, "problems": problems, "warnings": warnings})


def _summary(config: Path, settings: Settings, warnings: tuple[str, ...]) -> str:
    sinks = ", ".join(sink.name for sink in settings.sinks) or "none"
    lines = [
        f"ok: gateway {settings.gateway.id}, sinks: {sinks}",
        f"configuration: {config}",
        f"broker: {settings.broker.url}",
        f"data: {settings.gateway.data_dir}",
        *(f"warning: {warning}" for warning in warnings),
    ]
    return "\n".join(lines) + "\n"
