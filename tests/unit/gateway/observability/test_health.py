"""Whether the gateway is ready, from what its roles leave behind."""

import os
from pathlib import Path

from gateway.observability.health import SILENCE_MS_MAX, is_ready, readiness

ROLES = ("ingest", "process")
DEAD_PID = 2**22 + 1
"""Beyond the kernel's greatest pid."""


def healthy(run_dir: Path) -> int:
    """All roles live and ingest has just reported; the wall clock's time then."""
    for role in ROLES:
        (run_dir / f"{role}.pid").write_text(f"{os.getpid()}\n")
    return report(run_dir)


def report(run_dir: Path, connects: int = 1, writable: int = 1) -> int:
    path = run_dir / "ingest.prom"
    path.write_text(
        "# TYPE evalgate_link_connects_total counter\n"
        f"evalgate_link_connects_total {connects}\n"
        "# TYPE evalgate_journal_writable gauge\n"
        f"evalgate_journal_writable {writable}\n"
    )
    return path.stat().st_mtime_ns // 1_000_000


def failed(run_dir: Path, wall_ms: int) -> dict[str, str]:
    findings = readiness(run_dir, ROLES, wall_ms)
    failures = {f.name: f.detail for f in findings if not f.ok}
    assert is_ready(findings) == (not failures)
    return failures


def test_ready_when_roles_live_journal_grows_and_broker_was_reached(
    tmp_path: Path,
) -> None:
    assert failed(tmp_path, healthy(tmp_path)) == {}


def test_a_role_without_a_living_process_is_down(tmp_path: Path) -> None:
    now_ms = healthy(tmp_path)
    (tmp_path / "process.pid").write_text(str(DEAD_PID))
    assert failed(tmp_path, now_ms) == {"process": "process is not running"}
    (tmp_path / "process.pid").unlink()
    assert failed(tmp_path, now_ms) == {"process": "process is not running"}
    (tmp_path / "process.pid").write_text("")
    assert failed(tmp_path, now_ms) == {"process": "process is not running"}


def test_a_journal_that_cannot_be_written_is_not_ready(tmp_path: Path) -> None:
    healthy(tmp_path)
    assert list(failed(tmp_path, report(tmp_path, writable=0))) == ["journal"]


def test_a_broker_never_reached_is_not_ready(tmp_path: Path) -> None:
    healthy(tmp_path)
    assert list(failed(tmp_path, report(tmp_path, connects=0))) == ["broker"]


def test_an_ingest_that_fell_silent_is_not_ready(tmp_path: Path) -> None:
    now_ms = healthy(tmp_path)
    assert failed(tmp_path, now_ms + SILENCE_MS_MAX) == {}
    assert "journal" in failed(tmp_path, now_ms + SILENCE_MS_MAX + 1)


def test_a_torn_report_is_not_ready_rather_than_an_error(tmp_path: Path) -> None:
    now_ms = healthy(tmp_path)
    (tmp_path / "ingest.prom").write_text("evalgate_journal_writable {")
    assert "journal" in failed(tmp_path, now_ms)
