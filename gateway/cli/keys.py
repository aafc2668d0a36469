"""`evalgate keys`: the keys that seal what is stored, and their recovery copy."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from gateway.app import recovery
from gateway.cli.acting import add_common
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.sealing import key_ids, rotate
from gateway.settings import load_settings

NAME = "keys"
HELP = "the keys that seal what is stored: list, export (a recovery copy), rotate"
EXAMPLES = (
    "keys list",
    "keys export /media/usb/evalgate-recovery.key",
    "keys rotate                # then restart, and export again",
)


def add_arguments(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(required=True, dest="act", metavar="ACT")
    add_common(verbs.add_parser("list", help="which there are, which were exported"))
    export = verbs.add_parser("export", help="write a recovery copy to a new file")
    export.add_argument("file", type=Path, metavar="FILE")
    add_common(export)
    add_common(verbs.add_parser("rotate", help="a new key seals from the next start"))


def run(args: Namespace) -> Exit:
    keyring = load_settings(args.config).gateway.keyring_file
    body: dict[str, object]
    match args.act:
        case "export":
            done = recovery.export(keyring, args.file)
            body = {"key_ids": done.key_ids, "file": done.file}
            text = f"{done.file} opens all that is stored: keep it on another machine"
        case "rotate":
            key_id = rotate(keyring)
            body = {"key_id": key_id}
            text = f"key {key_id} seals from the next start; now `evalgate keys export`"
        case _:
            ids, saved = key_ids(keyring), recovery.saved(keyring)
            exported = [key_id for key_id in ids if key_id in saved.key_ids]
            body = {"key_ids": ids, "sealing": ids[-1], "exported": exported}
            text = f"{keyring}: keys {_words(ids)}, {ids[-1]} seals, exported: "
            text += _words(exported) or "none"
    if args.json:
        write_json(body)
    else:
        write_line(text)
    return Exit.OK


def _words(ids: list[int]) -> str:
    return ", ".join(map(str, ids))
