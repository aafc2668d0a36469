from pathlib import Path

from gateway.ingress.session_mark import SessionMark


def test_a_session_is_known_from_the_second_time_on(tmp_path: Path) -> None:
    path = tmp_path / "session.mark"
    assert not SessionMark(path, "gw@broker").remember()
    assert SessionMark(path, "gw@broker").remember()


def test_another_client_id_or_broker_has_another_session(tmp_path: Path) -> None:
    path = tmp_path / "session.mark"
    SessionMark(path, "gw@broker").remember()
    assert not SessionMark(path, "gw@other").remember()


def test_a_disk_that_takes_nothing_does_not_end_the_connection(tmp_path: Path) -> None:
    assert not SessionMark(tmp_path / "absent" / "mark", "gw").remember()
