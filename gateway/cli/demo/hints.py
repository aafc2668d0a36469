"""What to try while the demo runs: commands to copy, and what they will show."""

import shlex
import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from gateway.cli.demo.layout import Layout
from gateway.cli.live.figures import Process

Hint = tuple[str, str]
"""A command line, and what comes of it."""


def hints(
    layout: Layout,
    processes: Sequence[Process],
    rating_id: str | None,
    verbs: Collection[str],
) -> tuple[Hint, ...]:
    """As pids and ratings are now; only verbs that there are."""
    pids = {one.name: one.pid for one in processes if one.pid is not None}
    program = f"{evalgate()} {{}} --config {shlex.quote(str(layout.config))}"
    api = f"{pages(layout)}api/v1"
    found: list[Hint] = []
    if "trace" in verbs and rating_id is not None:
        found.append((program.format(f"trace {rating_id}"), "one rating's whole way"))
    if "process" in pids:
        command = f"kill -9 {pids['process']}"
        found.append((command, "a role dies; it comes back"))
    if "backend" in pids:
        pid = pids["backend"]
        found.append((f"kill -STOP {pid}", "the backend hangs; what it is owed grows"))
        found.append((f"kill -CONT {pid}", "well again: what it was owed drains"))
    if "broker" in pids:
        command = f"kill -9 {pids['broker']}"
        found.append((command, "the broker dies; terminals keep their presses"))
    found.append((program.format("top"), "as for any gateway"))
    found.append((pages(layout), "the console, in a browser"))
    found.append((f"{api}/docs", "the API"))
    return tuple(found)


def pages(layout: Layout) -> str:
    """Where a browser finds the console."""
    return f"http://127.0.0.1:{layout.ports.console}/"


def evalgate() -> str:
    """What to type for this program here."""
    if shutil.which("evalgate"):
        return "evalgate"
    beside = Path(sys.executable).with_name("evalgate")
    if beside.exists():
        return shlex.quote(_from_here(beside))
    return f"{shlex.quote(_from_here(Path(sys.executable)))} -m gateway.cli"


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
