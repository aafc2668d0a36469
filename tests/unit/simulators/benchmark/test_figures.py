"""A run's figures follow from what the sinks received."""

from pathlib import Path

from simulators.benchmark.figures import Run, count_received
from simulators.counting_sink import CountingSink


def spool(tmp_path: Path, points: int, events: int) -> Path:
    sink = CountingSink()
    lines = [f'rating level=5i,event_id="e{n}" {n}' for n in range(points)]
    sink.take(b"/write", "\n".join(lines).encode())
    told = ",".join(f'{{"event_id":"e{n}"}}' for n in range(events))
    sink.take(b"/events", f"[{told}]".encode())
    sink.take(b"/events", b'[{"event_id": "e0"}]')
    sink.write_spool(tmp_path / "spool")
    return tmp_path / "spool"


def test_repetitions_are_counted_apart(tmp_path: Path) -> None:
    run = Run("gateway", 3)
    count_received(run, spool(tmp_path, 3, 3), tmp_path / "none")
    assert (run.points, run.events, run.repeated_events) == (3, 3, 1)
    assert run.void is None


def test_a_sink_that_lacks_one_makes_the_run_void(tmp_path: Path) -> None:
    run = Run("gateway", 3)
    count_received(run, spool(tmp_path, 3, 2), tmp_path / "none")
    assert run.void == "sinks hold 3 points, 2 events"


def test_latency_is_from_the_press_to_the_first_arrival(tmp_path: Path) -> None:
    run = Run("gateway", 2)
    path = spool(tmp_path, 2, 2)
    (tmp_path / "sent").write_text("e0 0\ne1 0\n")
    count_received(run, path, tmp_path / "sent")
    assert set(run.latency_ms) == {"p50", "p90", "p99", "max"}
    assert run.latency_ms["p50"] <= run.latency_ms["max"]
