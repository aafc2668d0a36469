"""`evalgate backup`: a checked copy of all that is stored, beside a running gateway."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from gateway.app.backup import Backup
from gateway.app.paths import Paths
from gateway.app.recording import submit_anyhow
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.errors import PermanentError, TransientError
from gateway.processing.upkeep.backups import TakenBackup, taken_record
from gateway.settings import Settings, load_settings

NAME = "backup"
HELP = "copy all that is stored, checked, while the gateway runs or is stopped"
EXAMPLES = (
    "backup                          # into [backup] directory",
    "backup --to /mnt/usb",
)
_MIB: Final = 1 << 20


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="default: directory of [backup]"
    )
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    settings = load_settings(args.config)
    directory: Path | None = args.to or settings.backup.directory
    if directory is None:
        raise PermanentError("where to? give --to DIR, or set directory in [backup]")
    taken = Backup(settings, directory).take()
    recorded = _tell(settings, taken)
    if args.json:
        told = {"recorded": recorded is None, "bytes": taken.bytes}
        folder = str(directory.absolute() / taken.name)
        write_json({"folder": folder, "block": taken.block, **told})
        return Exit.OK
    size = f"{taken.bytes / _MIB:.1f} MiB"
    write_line(f"{directory / taken.name}: {size}, journal to block {taken.block}")
    write_line(
        "checked. Not in it: the keyring (`evalgate keys export` copies it; without it"
        " nothing opens) and what you edit (configuration, tables, secrets)"
    )
    if recorded is not None:
        write_line(f"good, but metrics and alerts do not know of it: {recorded}")
    return Exit.OK


def _tell(settings: Settings, taken: TakenBackup) -> str | None:
    """Record it, also with the gateway stopped; why that could not be."""
    now_ms = time.time_ns() // 1_000_000
    try:
        submit_anyhow(Paths(settings), taken_record(taken, now_ms))
    except (TransientError, PermanentError) as error:
        return str(error)
    return None
