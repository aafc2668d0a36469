"""`evalgate verify`: the journal's chain, and the counts that must agree."""

from argparse import ArgumentParser, Namespace

from gateway.app.paths import Paths
from gateway.app.verifying import verify
from gateway.cli.exits import Exit
from gateway.cli.output import write_json, write_line
from gateway.cli.verb import add_config, add_json
from gateway.settings import load_settings

NAME = "verify"
HELP = "prove from the data that nothing was lost; exit code 1 when something differs"


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    findings = []
    for finding in verify(Paths(load_settings(args.config))):
        findings.append(finding)
        if not args.json:
            mark = "ok  " if finding.ok else "DIFF"
            write_line(f"{mark}  {finding.name}: {finding.detail}")
    ok = all(finding.ok for finding in findings)
    if args.json:
        write_json({"ok": ok, "findings": [f._asdict() for f in findings]})
    return Exit.OK if ok else Exit.FAILED
