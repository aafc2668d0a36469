"""`evalgate doctor`: whether all around the gateway is as its promise needs it."""

import asyncio
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator

from gateway.app.doctor import Area, Examination, Finding, Level, examinations
from gateway.app.doctor.configuration import broken
from gateway.cli.api import Api, base_url
from gateway.cli.exits import Exit
from gateway.cli.output import Mark, printable, write_json, write_line, write_marked
from gateway.cli.verb import add_config, add_json
from gateway.errors import PermanentError, TransientError
from gateway.settings import Settings, SettingsError, load_settings

NAME = "doctor"
HELP = "examine broker, disk, clock, keys and sinks; each finding says what to do"
EXAMPLES = (
    "doctor                     # a line for each finding; exit code 1 when one fails",
    "doctor --json | jq '.findings[] | select(.level != \"ok\")'",
)

_MARKS = {Level.OK: Mark.GOOD, Level.WARN: Mark.WARNING, Level.FAIL: Mark.BAD}
_GATEWAY = Area("gateway")


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    findings: list[Finding] = []

    def found(finding: Finding) -> None:
        findings.append(finding)
        if not args.json:
            _show(finding)

    try:
        settings = load_settings(args.config)
    except SettingsError as error:
        for finding in broken(error):
            found(finding)
        return _ended(findings, args, Exit.USAGE)
    for finding in _running(settings):
        found(finding)
    for examination in examinations(settings, args.config):
        for finding in asyncio.run(_collected(examination)):
            found(finding)
    failed = any(finding.level is Level.FAIL for finding in findings)
    return _ended(findings, args, Exit.FAILED if failed else Exit.OK)


async def _collected(examination: Examination) -> list[Finding]:
    return [finding async for finding in examination]


def _running(settings: Settings) -> Iterator[Finding]:
    """What a gateway that runs here says of itself; nothing of it is disturbed."""
    if settings.console.address is None:
        advice = "without it there is no `evalgate status`: set [console] listen"
        yield _GATEWAY.warn("console", "the API is switched off", advice)
        return
    api = Api(settings)
    try:
        health = api.health()
        alerts = api.get("/api/v1/alerts", state="open")["items"]
    except TransientError:
        yield _idle(settings)
        return
    except PermanentError as error:
        advice = "set [console] listen to a free port, or give EVALGATE_TOKEN"
        yield _GATEWAY.fail("console", f"{base_url(settings)}: {error}", advice)
        return
    yield _GATEWAY.ok("running", f"at {base_url(settings)}, {health['status']}")
    for name, check in health["checks"].items():
        if not check["ok"]:
            advice = "`evalgate status`, and the log"
            yield _GATEWAY.fail(f"check.{name}", check["detail"], advice)
    for alert in alerts:
        advice = f"docs/operating.md, {alert['cause']}"
        yield _GATEWAY.warn(f"alert.{alert['cause']}", alert["text"], advice)


def _idle(settings: Settings) -> Finding:
    """Nothing answers there: whether the port is free for the console."""
    address = settings.console.address
    assert address is not None, "asked only when it is switched on"
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        detail = f"{address.host}:{address.port} cannot be taken: {error.strerror}"
        advice = "set [console] listen to a free port of this machine"
        return _GATEWAY.fail("console", detail, advice)
    return _GATEWAY.ok("running", "none runs with this configuration")


def _show(finding: Finding) -> None:
    """One line; on a terminal the advice stands below it."""
    text = f"{finding.area}: {finding.name}: {finding.detail}"
    advice = f"do: {finding.advice}" if finding.advice else ""
    below = sys.stdout.isatty()
    if advice and not below:
        text = f"{text}; {advice}"
    write_marked(_MARKS[finding.level], f"{finding.level:<5}", printable(text))
    if advice and below:
        write_line(f"        {printable(advice)}")


def _ended(findings: list[Finding], args: Namespace, code: Exit) -> Exit:
    counts = Counter(finding.level for finding in findings)
    if args.json:
        rows = [finding._asdict() for finding in findings]
        write_json({"ok": code is Exit.OK, "findings": rows})
    else:
        write_line(
            f"{counts[Level.OK]} ok, {counts[Level.WARN]} to look at,"
            f" {counts[Level.FAIL]} failed"
        )
    return code
