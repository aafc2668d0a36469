"""What a pretend InfluxDB took outlives it."""

from pathlib import Path

from simulators.pretend.influx import PretendInflux
from simulators.pretend.server import Request


def write(server: PretendInflux, body: str, precision: str = "ns") -> int:
    query = {"db": "b", "precision": precision}
    return server.serve(
        Request("POST", "/write", query, {}, body.encode()), None
    ).status


def reopened(journal: Path, *bodies: str) -> PretendInflux:
    """One server that takes `bodies` and is gone, and the next."""
    first = PretendInflux("v1", journal=journal)
    for body in bodies:
        assert write(first, body) == 204
    first.close()
    return PretendInflux("v1", journal=journal)


def test_points_are_there_again_with_their_last_fields(tmp_path: Path) -> None:
    second = reopened(
        tmp_path / "lines", "rating,device=d level=5i 7", "rating,device=d level=4i 7"
    )
    assert second.points == {("rating", (("device", "d"),), 7): {"level": 4}}
    assert write(second, 'rating,device=d level="5" 8') == 400  # the type is known
    second.close()


def test_times_are_kept_in_nanoseconds_whatever_they_came_in(tmp_path: Path) -> None:
    journal = tmp_path / "lines"
    server = PretendInflux("v1", journal=journal, now_ns=lambda: 99)
    assert write(server, "a b=1 2", "s") == 204
    assert write(server, 'a b=3,c="x\ny"') == 204
    server.close()
    assert journal.read_text() == 'a b=1 2000000000\na b=3,c="x\ny" 99\n'
    again = reopened(journal)
    assert again.points[("a", (), 99)] == {"b": 3.0, "c": "x\ny"}
    again.close()


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    journal = tmp_path / "lines"
    journal.write_text("a b=1 1\na b=2 2")
    server = reopened(journal)
    assert list(server.points) == [("a", (), 1)]
    assert write(server, "a b=3 3") == 204
    server.close()
    assert journal.read_text() == "a b=1 1\na b=3 3\n"
