"""What `simulate` can be told, and where it finds the gateway and its sinks."""

import argparse
import tomllib
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulators.reconciliation.run import Stores
from simulators.simulate.crowd import Order
from simulators.simulate.scenario import Scenario, ScenarioError


def parse(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(
        prog="evalgate simulate",
        description="Terminals by the thousand, with faults, against a real broker.",
        epilog="evalgate simulate --list names the scenarios; "
        "evalgate simulate quiet --gateway --reconcile needs nothing that runs.",
    )
    add = parser.add_argument
    add("scenario", nargs="?", metavar="NAME|FILE.toml", help="what to simulate")
    add("--list", action="store_true", help="the scenarios that come with the program")
    add("--seed", type=int, default=1, help="the same seed presses the same (1)")
    add("--terminals", type=int, metavar="N", help="instead of the scenario's number")
    add("--rate", type=float, metavar="R", help="ratings a second, in one stage")
    add("--seconds", type=float, metavar="S", help="press so long, in one stage")
    where = parser.add_argument_group("where")
    add = where.add_argument
    add("--config", type=Path, metavar="FILE", help="take addresses from a gateway's")
    add("--broker", metavar="HOST:PORT", help="(127.0.0.1:1883)")
    add("--username", metavar="NAME", help="of one account for all terminals")
    add("--password-file", type=Path, metavar="FILE", help="with its password")
    add("--root", help="first levels of every topic (evaluators)")
    add("--gateway", action="store_true", help="start broker, gateway, sinks, and stop")
    add("--keep", type=Path, metavar="DIR", help="with --gateway: work there, leave it")
    what = parser.add_argument_group("what became of it")
    add = what.add_argument
    add("--report", type=Path, metavar="FILE.json", help="write all figures there")
    add("--manifest", type=Path, metavar="FILE", help="write what must arrive there")
    add("--reconcile", action="store_true", help="compare with what the stores hold")
    add("--junit", type=Path, metavar="FILE", help="write the comparison for CI")
    add("--api", metavar="URL", help="of the gateway (http://127.0.0.1:8700)")
    add("--token-file", type=Path, metavar="FILE", help="with a token of scope read")
    add("--influx1", metavar="URL", help="an InfluxDB 1.x")
    add("--database", help="its database (evalgate)")
    add("--dump", metavar="URL", help="a pretend InfluxDB")
    add("--backend-log", type=Path, metavar="FILE", help="raw log of a pretend backend")
    add("--late", type=float, default=10.0, metavar="S", help="later is late (10)")
    add("--drain", type=float, default=120.0, metavar="S", help="for receipts (120)")
    add("--settle", type=float, default=120.0, metavar="S", help="for sinks (120)")
    add("--quiet", action="store_true", help="no progress")
    asked = parser.parse_args(arguments)
    _check(parser, asked)
    return asked


def _check(parser: ArgumentParser, asked: argparse.Namespace) -> None:
    if not asked.list and asked.scenario is None:
        parser.error("name a scenario or a file; --list shows those that there are")
    if (asked.username is None) != (asked.password_file is None):
        parser.error("--username and --password-file go together")
    if asked.keep and not asked.gateway:
        parser.error("--keep goes with --gateway")
    if asked.gateway and (asked.broker or asked.config or asked.api):
        parser.error("--gateway brings its own broker and gateway: name no other")
    if asked.junit and not asked.reconcile:
        parser.error("--junit goes with --reconcile")
    for name in ("terminals", "rate", "seconds"):
        value = getattr(asked, name)
        if value is not None and value <= 0:
            parser.error(f"--{name}: give a number above 0")


def changed(scenario: Scenario, asked: Namespace) -> Scenario:
    """The scenario with what the command line says otherwise.

    Raises:
        ScenarioError: a number is out of its bounds.

    """
    written: dict[str, Any] = scenario.model_dump()
    if asked.terminals is not None:
        written["population"]["terminals"] = asked.terminals
    if asked.rate is not None or asked.seconds is not None:
        peak = max(stage.rate for stage in scenario.stages)
        stage = {
            "duration_s": asked.seconds or scenario.duration_s,
            "rate": asked.rate or peak,
        }
        written["stages"] = [stage]
    try:
        return Scenario.model_validate(written)
    except ValueError as error:
        raise ScenarioError(
            f"--terminals, --rate or --seconds: {_bounds(error)}"
        ) from None


def _bounds(error: ValueError) -> str:
    errors = getattr(error, "errors", None)
    return str(errors()[0]["msg"]) if errors else str(error)


def order(asked: Namespace) -> Order:
    """Where and how the population works.

    Raises:
        ScenarioError: the configuration, the address or the password cannot be used.

    """
    config = _config(asked.config)
    broker = asked.broker or "127.0.0.1:1883"
    if config and not asked.broker:
        url = urlsplit(config.get("broker", {}).get("url", ""))
        if url.scheme not in {"mqtt", "tcp"}:
            raise ScenarioError(
                f"{asked.config}: broker.url: terminals here speak plain MQTT; "
                "name a listener without TLS with --broker HOST:PORT"
            )
        broker = f"{url.hostname}:{url.port or 1883}"
    host, _, port = broker.rpartition(":")
    if not host or not port.isdecimal():
        raise ScenarioError(f"--broker {broker}: write HOST:PORT")
    password = asked.password_file and _secret(asked.password_file)
    root = asked.root or config.get("broker", {}).get("root", "evaluators")
    return Order(
        host=host,
        port=int(port),
        username=asked.username,
        password=password,
        root=root,
        seed=asked.seed,
        registry=asked.gateway,
        drain_s=asked.drain,
    )


def stores(asked: Namespace) -> Stores:
    """Where reconciliation looks."""
    config = _config(asked.config)
    listen = config.get("console", {}).get("listen", "127.0.0.1:8700")
    influx1, database = asked.influx1 or "", asked.database or ""
    for sink in config.get("influxdb", []):
        if not asked.influx1 and not asked.dump and sink.get("api") == "v1":
            influx1, database = sink.get("url", ""), sink.get("database", "")
    return Stores(
        api=asked.api or f"http://{listen}",
        token_file=asked.token_file,
        influx1=influx1,
        database=database or "evalgate",
        dump=asked.dump or "",
        backend_log=asked.backend_log,
        settle_s=asked.settle,
    )


def _secret(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise ScenarioError(f"--password-file {path}: {error.strerror}") from None


def _config(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError(f"--config {path}: {error.strerror}") from None
    except ValueError as error:
        raise ScenarioError(f"--config {path}: not TOML: {error}") from None
