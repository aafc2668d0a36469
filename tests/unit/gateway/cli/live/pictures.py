"""Figures of a small gateway, to draw and to change, and how it tells them."""

from msgspec import to_builtins
from msgspec.structs import replace

from gateway.cli.live.figures import (
    Hall,
    Happening,
    Intake,
    Journal,
    Picture,
    Pipeline,
    Press,
    Process,
    Rates,
    Sink,
)

NOON_MS = 1_795_000_000_000

BACKEND = Sink("backend", "backend", 40, 40, 0, 0, 0.0, "ok")
INFLUX = Sink("influxdb", "influxdb", 40, 38, 2, 0, 0.4, "ok")
PIPELINE = Pipeline(
    received=64,
    accepted=64,
    duplicate=0,
    conflict=0,
    quarantined=0,
    ignored=0,
    deferred=0,
    journal=Journal(block=30, ordinal=64, bytes=3 << 20),
    processed_block=30,
    sinks=(BACKEND, INFLUX),
)
PROCESSES = (
    Process("supervisor", 100, 42 << 20, 1.0),
    Process("ingest", 101, 50 << 20, 1.0),
    Process("process", 102, 50 << 20, 1.0),
)
PRESS = Press(
    rating_id="pad-1:e1",
    device_id="pad-1",
    level=5,
    pressed_ms=NOON_MS - 900,
    received_ms=NOON_MS - 892,
    backend_ms=NOON_MS - 873,
)
HALL = Hall(
    presses=(PRESS, replace(PRESS, device_id="pad-2", level=1, backend_ms=None)),
    levels={5: 30, 4: 6, 3: 2, 1: 2},
    presence={"online": 23, "offline": 1},
)
PICTURE = Picture(
    title="evalgate demo",
    at_ms=NOON_MS,
    elapsed_s=12.0,
    ready=True,
    intake=Intake(received=62, unacknowledged=3, link_up=True),
    pipeline=PIPELINE,
    processes=PROCESSES,
    rates=Rates(
        received=3.6,
        blocks=3.1,
        processed=3.6,
        sinks={"backend": 3.5},
        cpu={"ingest": 0.02},
    ),
    hall=HALL,
    happenings=(Happening(NOON_MS - 500, "process (pid 90) is gone", good=False),),
    hints=(("kill -9 102", "a role dies"), ("curl it", "look")),
)

METRICS = """\
# TYPE evalgate_received counter
evalgate_received_total 62.0
evalgate_unacknowledged_messages 3.0
evalgate_link_up 1.0
evalgate_role_pid{role="ingest"} 101.0
evalgate_role_resident_bytes{role="ingest"} 5.0
# TYPE evalgate_role_cpu_seconds counter
evalgate_role_cpu_seconds_total{role="ingest"} 1.5
"""
READY = {"status": "ready", "checks": {"ingest": {"ok": True, "detail": "running"}}}


def answers() -> dict[str, tuple[int, object]]:
    """What a gateway that is ready answers to one look."""
    return {
        "GET /readyz": (200, READY),
        "GET /metrics": (200, METRICS.encode()),
        "GET /api/v1/pipeline": (200, to_builtins(PIPELINE)),
    }


def with_sink(sink: Sink) -> Picture:
    """The picture with `sink` in the place of the backend."""
    return replace(PICTURE, pipeline=replace(PIPELINE, sinks=(sink, INFLUX)))
