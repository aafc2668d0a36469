"""`evalgate status`: whether it is ready, the counts agree, what each sink is owed."""

from argparse import ArgumentParser, Namespace
from typing import Any

from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.output import printable, write_json, write_line, write_table
from gateway.cli.verb import add_config, add_json
from gateway.settings import load_settings

NAME = "status"
HELP = "figures of the running gateway, once; exit code 1 when it is not ready"
EXAMPLES = (
    "status",
    "status --json | jq .sinks",
)

_FATES = ("accepted", "duplicate", "conflict", "quarantined", "ignored", "deferred")
_COLUMNS = ("name", "kind", "state", "delivered", "owed", "dead", "lag_s", "last_error")


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def run(args: Namespace) -> Exit:
    api = Api(load_settings(args.config))
    health = api.health()
    pipeline = api.get("/api/v1/pipeline")
    alerts = [] if args.json else api.get("/api/v1/alerts", state="open")["items"]
    if args.json:
        write_json(pipeline)
    else:
        _show_health(health)
        _show_counts(pipeline)
        write_table(_COLUMNS, ([s[c] for c in _COLUMNS] for s in pipeline["sinks"]))
        _show_canaries(api.get("/api/v1/canaries")["items"])
        _show_alerts(alerts)
    return Exit.OK if health["status"] == "ready" else Exit.FAILED


def _show_health(health: dict[str, Any]) -> None:
    write_line(health["status"].replace("_", " "))
    for name, check in health["checks"].items():
        if not check["ok"]:
            write_line(f"  {name}: {check['detail']}")


def _show_alerts(alerts: list[dict[str, Any]]) -> None:
    """Open ones, newest first, with the device or the part of the gateway."""
    for alert in alerts:
        times = f" ({alert['count']} times)" if alert["count"] > 1 else ""
        since = f"since {alert['opened_at']}"
        write_line(printable(f"{alert['severity']}: {alert['text']}{times}, {since}"))


def _show_canaries(ways: list[dict[str, Any]]) -> None:
    """A line an end: how many sites' canaries arrive there, and the slowest."""
    ends: dict[str, list[dict[str, Any]]] = {}
    for way in ways:
        ends.setdefault(way["sink"] or "the journal", []).append(way)
    for end, sites in ends.items():
        well = sum(way["health"] in {"ok", "waiting"} for way in sites)
        arrived = [way for way in sites if way["delay_ms"] is not None]
        slowest = max(arrived, key=_delay_ms, default=None)
        text = "none yet" if slowest is None else _slowest(slowest)
        line = f"canaries to {end}: {well} of {len(sites)} sites in time, {text}"
        write_line(printable(line))


def _delay_ms(way: dict[str, Any]) -> int:
    return int(way["delay_ms"])


def _slowest(way: dict[str, Any]) -> str:
    return f"the slowest {way['delay_ms']} ms ({way['site']}, {way['arrived_at']})"


def _show_counts(pipeline: dict[str, Any]) -> None:
    fates = " + ".join(f"{pipeline[fate]} {fate}" for fate in _FATES)
    total = sum(pipeline[fate] for fate in _FATES)
    sign = "=" if total == pipeline["received"] else "≠"
    write_line(f"received {pipeline['received']} {sign} {fates}")
    behind = pipeline["journal"]["block"] - pipeline["processed_block"]
    write_line(f"block {pipeline['processed_block']}, {behind} to process")
