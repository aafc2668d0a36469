"""Figures of several roles as one text."""

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from gateway.observability.exposition import RoleExports


def exposed(run_dir: Path) -> list[str]:
    registry = CollectorRegistry()
    registry.register(RoleExports(run_dir))
    return generate_latest(registry).decode().splitlines()


def test_families_of_two_roles_stand_together_labelled_by_role(tmp_path: Path) -> None:
    for role in ("ingest", "deliver"):
        text = "# TYPE process_open_fds gauge\nprocess_open_fds 7\n"
        (tmp_path / f"{role}.prom").write_text(text)
    assert exposed(tmp_path) == [
        "# HELP process_open_fds ",
        "# TYPE process_open_fds gauge",
        'process_open_fds{role="deliver"} 7.0',
        'process_open_fds{role="ingest"} 7.0',
    ]


def test_counters_keep_their_names_and_labels(tmp_path: Path) -> None:
    (tmp_path / "deliver.prom").write_text(
        "# HELP evalgate_sink_dead_total Events refused\n"
        "# TYPE evalgate_sink_dead_total counter\n"
        'evalgate_sink_dead_total{sink="main"} 2.0\n'
    )
    assert 'evalgate_sink_dead_total{sink="main"} 2.0' in exposed(tmp_path)


def test_a_torn_export_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "deliver.prom").write_text('evalgate_x{sink="')
    (tmp_path / "ingest.prom").write_text("evalgate_y 1\n")
    assert any("evalgate_y 1.0" in line for line in exposed(tmp_path))
    assert not any("evalgate_x" in line for line in exposed(tmp_path))
