"""`evalgate init DIR`: a configuration to edit, secrets, and the recovery key."""

import base64
import re
import secrets
import shlex
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.app import recovery
from gateway.cli.configfile import NAME as CONFIG_NAME
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_json
from gateway.errors import PermanentError
from gateway.sealing import open_keyring
from gateway.settings import load_settings
from gateway.settings.template import filled

NAME = "init"
HELP = "make a folder with a commented configuration, secrets and the recovery key"
EXAMPLES = (
    "init hall",
    "init /etc/evalgate --broker mqtts://broker.example --id hall-north",
)

_KEYRING: Final = "keyring"
_RECOVERY: Final = "recovery.key"
_SECRET: Final = "backend.secret"  # noqa: S105 -- the name of its file
_FILES: Final = (CONFIG_NAME, _KEYRING, _RECOVERY, _SECRET)
_SECRET_BYTES: Final = 32
_HOST_CHARS_MAX: Final = 40


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="made if absent")
    parser.add_argument("--broker", metavar="URL", default="mqtt://127.0.0.1:1883")
    parser.add_argument("--id", help="names the gateway (default: after this machine)")
    add_json(parser)


def run(args: Namespace) -> Exit:
    directory: Path = args.directory
    _refuse_to_overwrite(directory)
    gateway_id = args.id or _own_id()
    config = directory / CONFIG_NAME
    _write(directory, config, gateway_id, args.broker)
    if args.json:
        paths = {name: str(directory / name) for name in _FILES}
        write_json({"id": gateway_id, "files": paths})
    else:
        for line in _next_steps(directory, config, gateway_id):
            write_line(line)
    return Exit.OK


def _refuse_to_overwrite(directory: Path) -> None:
    for name in _FILES:
        if (directory / name).exists():
            raise PermanentError(
                f"{directory / name} exists: nothing was written, name another folder"
            )


def _write(directory: Path, config: Path, gateway_id: str, broker: str) -> None:
    """All files; a configuration that cannot be used is taken away again."""
    values = {
        ("gateway", "id"): gateway_id,
        ("broker", "url"): broker,
        ("broker", "client_id"): f"evalgate-{gateway_id}",
    }
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise PermanentError(
            f"{directory}: cannot be made: {error.strerror}"
        ) from error
    recovery.write_secret(config, filled(values))
    try:
        load_settings(config, {})
    except PermanentError:
        config.unlink()
        raise
    secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    recovery.write_secret(directory / _SECRET, f"whsec_{secret}\n")
    open_keyring(directory / _KEYRING)
    recovery.export(directory / _KEYRING, directory / _RECOVERY)


def _own_id() -> str:
    """After the host, and different for two gateways of one host."""
    host = re.sub(r"[^A-Za-z0-9-]+", "-", socket.gethostname())[:_HOST_CHARS_MAX]
    return f"{host.strip('-') or 'gateway'}-{secrets.token_hex(2)}"


def _next_steps(directory: Path, config: Path, gateway_id: str) -> Iterator[str]:
    shown = shlex.quote(str(config))
    yield f"made gateway {gateway_id} in {directory}:"
    yield f"  {CONFIG_NAME:<15} every key with its default; set broker and sinks"
    yield f"  {_SECRET:<15} signs what a [[backend]] gets: give it to the receiver"
    yield f"  {_KEYRING:<15} seals what is stored; stays here"
    yield f"  {_RECOVERY:<15} its copy: MOVE IT TO ANOTHER MACHINE OR A SAFE NOW"
    yield "next:"
    yield f"  evalgate doctor --config {shown}"
    yield f"  evalgate run --config {shown}"
