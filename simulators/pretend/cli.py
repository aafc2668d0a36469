"""`python -m simulators backend|influx`: a pretend service as a process."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.pretend.backend import PretendBackend
from simulators.pretend.influx import PretendInflux
from simulators.pretend.server import run_until_signalled


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; returns the exit status."""
    asked = _parser().parse_args(arguments)
    server = _backend(asked) if asked.name == "backend" else _influx(asked)
    try:
        asyncio.run(run_until_signalled(server))
    except OSError as error:
        print(f"cannot listen on {asked.listen}: {error}", file=sys.stderr)  # noqa: T201 - for whoever started us
        return 1
    finally:
        server.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators")
    names = parser.add_subparsers(dest="name", required=True)
    backend = names.add_parser("backend", help="takes CloudEvents, keeps a raw log")
    backend.add_argument("--log", type=Path, required=True)
    backend.add_argument("--secret", action="append", default=[])
    influx = names.add_parser("influx", help="takes line protocol by (series, ns)")
    influx.add_argument("--api", choices=("v1", "v2"), default="v2")
    influx.add_argument("--store", default="b", help="database or bucket")
    influx.add_argument("--token", default="")
    influx.add_argument("--journal", type=Path)
    for one in (backend, influx):
        one.add_argument("--listen", default="127.0.0.1:0")
    return parser


def _backend(asked: argparse.Namespace) -> PretendBackend:
    return PretendBackend(asked.log, asked.listen, asked.secret)


def _influx(asked: argparse.Namespace) -> PretendInflux:
    return PretendInflux(
        asked.api,
        store=asked.store,
        token=asked.token,
        journal=asked.journal,
        listen=asked.listen,
    )
