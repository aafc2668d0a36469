"""`evalgate restore FOLDER`: a backup into an empty data directory."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gateway.app.paths import Paths
from gateway.app.restoring import restore, taken_at
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.settings import load_settings

NAME = "restore"
HELP = "put a backup into an empty data_dir; the keyring must be there already"
EXAMPLES = ("restore /mnt/usb/hall-20261122T063000Z",)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of one backup")
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    paths = Paths(load_settings(args.config))
    manifest, generation = restore(args.folder, paths)
    as_of = taken_at(manifest)
    if args.json:
        write_json({"taken_at": as_of, "generation": generation})
        return Exit.OK
    write_line(
        f"{paths.data_dir}: as of {as_of}, journal to block"
        f" {manifest.journal_block}; generation {generation} begins"
    )
    write_line("now `evalgate verify`, then `evalgate run`")
    return Exit.OK
