"""`evalgate top`: the way of a rating through a running gateway, second by second."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Final

import msgspec

from gateway.cli.api import Api
from gateway.cli.exits import Exit
from gateway.cli.live.figures import Picture
from gateway.cli.live.reading import TIMEOUT_S
from gateway.cli.live.screen import Screen, print_once
from gateway.cli.live.watching import Watch
from gateway.cli.output import write_json
from gateway.cli.verb import add_config, add_json
from gateway.clock import Clock, SystemClock
from gateway.errors import TransientError
from gateway.settings import load_settings
from gateway.supervisor.signals import SignalWaiter, signals_caught

NAME = "top"
HELP = "figures of the running gateway, live; a line a second in a pipe"
EXAMPLES = ("top", "top --once", "top --json | jq .pipeline.sinks")

_EACH_MS: Final = 1000
_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)
    parser.add_argument(
        "--once", action="store_true", help="one look; exit code 1 when it is not ready"
    )


def run(args: Namespace) -> Exit:
    settings = load_settings(args.config)
    api, clock = Api(settings, TIMEOUT_S), SystemClock()
    watch = Watch(api, clock, f"evalgate {settings.gateway.id}")
    if args.once:
        return _once(watch, as_json=args.json)
    with signals_caught(_ENDS) as waiter:
        if args.json:
            _follow(watch, waiter, clock, _print_json)
        else:
            with Screen() as screen:
                _follow(watch, waiter, clock, screen.show)
    return Exit.OK


def _once(watch: Watch, *, as_json: bool) -> Exit:
    """Raises TransientError when there is nothing to show."""
    picture = watch.look()
    if picture.pipeline is None and not picture.processes:
        raise TransientError(picture.trouble or "no figures")
    if as_json:
        write_json(body(picture))
    else:
        print_once(picture)
    return Exit.OK if picture.ready else Exit.FAILED


def _follow(
    watch: Watch, waiter: SignalWaiter, clock: Clock, show: Callable[[Picture], None]
) -> None:
    due_ms = clock.monotonic_ms()
    while True:
        show(watch.look())
        due_ms += _EACH_MS
        if waiter.wait(max(0, due_ms - clock.monotonic_ms())):
            return


def _print_json(picture: Picture) -> None:
    write_json(body(picture))
    sys.stdout.flush()


def body(picture: Picture) -> dict[str, object]:
    """What programs get: the figures, without what is for people only."""
    fields: dict[str, object] = msgspec.to_builtins(picture)
    return {
        key: value
        for key, value in fields.items()
        if key not in {"title", "hall", "hints", "happenings"}
    }
