"""`evalgate verify`: the journal's chain, the counts, and the ledger folded again."""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from gateway.app.paths import Paths
from gateway.app.verifying import Progress as Told
from gateway.app.verifying import verify
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.settings import load_settings

NAME = "verify"
HELP = "prove from the data that nothing was lost; exit code 1 when something differs"
EXAMPLES = (
    "verify",
    "verify --json | jq -e .ok",
)

_LINE_EVERY_S: Final = 0.2
_STAGES: Final = {
    "chain": "journal's blocks",
    "fold": "blocks folded again",
    "compare": "rows compared",
}


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)
    parser.add_argument(
        "--lines",
        action="store_true",
        help="for programs: progress and findings as they come, a JSON object a line",
    )


def run(args: Namespace) -> Exit:
    paths = Paths(load_settings(args.config))
    if args.lines:
        return _told_by_lines(paths)
    findings = []
    with _progress() as told:
        for finding in verify(paths, told):
            findings.append(finding)
            if not args.json:
                mark = "ok  " if finding.ok else "DIFF"
                write_line(f"{mark}  {finding.name}: {finding.detail}")
    ok = all(finding.ok for finding in findings)
    if args.json:
        write_json({"ok": ok, "findings": [f._asdict() for f in findings]})
    return Exit.OK if ok else Exit.FAILED


def _told_by_lines(paths: Paths) -> Exit:
    """Who reads them may go: then there is nobody to go on for."""
    ok, next_s = True, 0.0

    def told(stage: str, done: int, total: int) -> None:
        nonlocal next_s
        if time.monotonic() >= next_s:
            next_s = time.monotonic() + _LINE_EVERY_S
            _tell({"progress": {"stage": stage, "done": done, "total": total}})

    try:
        for finding in verify(paths, told):
            ok = ok and finding.ok
            _tell({"finding": finding._asdict()})
    except BrokenPipeError:
        return Exit.FAILED
    return Exit.OK if ok else Exit.FAILED


def _tell(line: dict[str, object]) -> None:
    write_json(line)
    sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[Told]:
    """Bars for people who wait, beside the findings; nothing in a pipe."""
    console = Console(file=sys.stderr)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    bars = Progress(*columns, console=console, transient=True)
    bars.disable = not sys.stderr.isatty()
    tasks: dict[str, TaskID] = {}

    def told(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(_STAGES[stage], total=None)
        bars.update(tasks[stage], completed=done, total=total or None)

    with bars:
        yield told
