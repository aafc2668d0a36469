"""What is worth a line."""

from msgspec.structs import replace

from gateway.cli.live.figures import Process, Sink
from gateway.cli.live.happenings import Happenings
from tests.unit.gateway.cli.live.pictures import BACKEND, PIPELINE

INGEST = Process("ingest", 7)


def told(*looks: tuple[int, Process]) -> list[str]:
    seen = Happenings()
    for at_ms, process in looks:
        seen.compare_processes(at_ms, [process])
    return [one.text for one in seen.newest]


def of_sink(*looks: Sink) -> list[str]:
    seen = Happenings()
    for sink in looks:
        seen.compare_sinks(0, replace(PIPELINE, sinks=(sink,)))
    return [one.text for one in seen.newest]


def test_the_first_look_is_no_news() -> None:
    assert told((0, INGEST)) == []
    assert of_sink(replace(BACKEND, state="open")) == []


def test_a_role_that_dies_and_comes_back() -> None:
    down, back = replace(INGEST, pid=None), replace(INGEST, pid=9)
    assert told((0, INGEST), (100, down), (1400, back)) == [
        "ingest (pid 7) is gone",
        "ingest is back after 1.3 s as pid 9",
    ]


def test_one_that_was_replaced_between_two_looks() -> None:
    assert told((0, INGEST), (250, replace(INGEST, pid=9))) == [
        "ingest (pid 7) is gone",
        "ingest is back as pid 9",
    ]


def test_one_that_is_halted_and_goes_on() -> None:
    halted = replace(INGEST, halted=True)
    assert told((0, INGEST), (1, halted), (2, INGEST)) == [
        "ingest (pid 7) is halted",
        "ingest (pid 7) goes on",
    ]


def test_a_sink_that_fails_and_what_it_was_owed() -> None:
    failing = replace(BACKEND, state="retrying", last_error="503", owed=12)
    assert of_sink(BACKEND, failing, replace(failing, owed=30), BACKEND) == [
        "backend is retrying: 503",
        "backend is ok",
        "backend: drained, 30 were owed at most",
    ]


def test_a_little_backlog_is_no_news() -> None:
    assert of_sink(BACKEND, replace(BACKEND, owed=3), BACKEND) == []


def test_what_a_sink_refuses_for_good() -> None:
    assert of_sink(BACKEND, replace(BACKEND, dead=2)) == ["backend: 2 refused for good"]


def test_only_the_newest_are_kept() -> None:
    seen = Happenings()
    for i in range(1000):
        seen.note(i, str(i), good=True)
    assert [one.text for one in seen.newest][-1] == "999"
    assert len(seen.newest) == 100
