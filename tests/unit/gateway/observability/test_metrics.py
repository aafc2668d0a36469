import errno
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

import gateway.observability.metrics as metrics_module
from gateway.observability.metrics import IngestMetrics, write_figures
from gateway.ports import Header


def test_received_goes_on_from_the_newest_block() -> None:
    metrics = IngestMetrics(Header(9, 1, 1000, 23, 23, 0, 0, 1, b"", b""))
    metrics.received.inc(2)
    assert metrics.registry.get_sample_value("evalgate_received_total") == 1025


def test_a_new_journal_has_received_nothing() -> None:
    metrics = IngestMetrics(None)
    assert metrics.registry.get_sample_value("evalgate_received_total") == 0


def test_figures_are_replaced_whole(tmp_path: Path) -> None:
    metrics = IngestMetrics(None)
    path = tmp_path / "ingest.prom"
    write_figures(path, metrics.registry)
    metrics.link_up.set(1)
    write_figures(path, metrics.registry)
    assert "evalgate_link_up 1.0" in path.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [path]


def test_on_a_full_disk_the_old_figures_are_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_path: str, _registry: CollectorRegistry) -> None:
        raise OSError(errno.ENOSPC, "no room for another file")

    path = tmp_path / "ingest.prom"
    path.write_text("x" * 100_000)
    monkeypatch.setattr(metrics_module, "write_to_textfile", no_room)
    metrics = IngestMetrics(None)
    write_figures(path, metrics.registry)
    assert path.read_bytes() == generate_latest(metrics.registry)


def test_every_name_says_whose_it_is() -> None:
    families = IngestMetrics(None).registry.collect()
    assert all(family.name.startswith("evalgate_") for family in families)
    assert all(family.documentation for family in families)
