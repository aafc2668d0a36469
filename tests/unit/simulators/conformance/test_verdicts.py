"""The kit finds the reference terminal good, and in each broken one its fault only."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from simulators.conformance.clauses import CLAUSES, LEVELS, Level
from simulators.conformance.cli import examine, main
from simulators.conformance.evidence import Evidence
from simulators.conformance.situations import Pace
from simulators.conformance.verdict import Outcome, Verdict
from simulators.pretend.broker.service import PretendBroker
from tests.support.broken_terminals import BROKEN, Pad
from tests.support.stepped_loop import SteppedLoop

PACE = Pace(patience_s=1.5, time_factor=0.01)


async def verdict_on(make: Callable[[int], Pad]) -> Verdict:
    """Somebody presses and switches off as the kit says."""
    now_s = asyncio.get_running_loop().time
    evidence = Evidence("evaluators", now_s, PACE.grace_s)
    async with PretendBroker() as broker, asyncio.TaskGroup() as owner:
        pad = make(broker.port)
        running = owner.create_task(pad.run())

        def obey(line: str) -> None:
            if line.startswith("Press"):
                pad.press()
            elif line.startswith("Switch"):
                running.cancel()

        verdict = await examine(broker, evidence, PACE, 20.0, obey)
        running.cancel()
    return verdict


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """All at the same time: they wait much more than they work."""

    async def everybody() -> list[Verdict]:
        return await asyncio.gather(*(verdict_on(make) for make, *_ in BROKEN.values()))

    with asyncio.Runner(loop_factory=SteppedLoop) as runner:
        return dict(zip(BROKEN, runner.run(everybody()), strict=True))


@pytest.mark.parametrize("name", BROKEN)
def test_a_terminal_fails_exactly_the_clauses_it_breaks(
    verdicts: dict[str, Verdict], name: str
) -> None:
    verdict = verdicts[name]
    failed = {
        it.clause: it.seen for it in verdict.clauses if it.outcome is Outcome.FAILED
    }
    _, level, clauses = BROKEN[name]
    assert set(failed) == clauses, failed
    if verdict.events:
        assert verdict.level == level, list(verdict.words())


def test_the_reference_terminal_shows_every_clause(
    verdicts: dict[str, Verdict],
) -> None:
    outcomes = {it.outcome for it in verdicts["reference"].clauses}
    assert outcomes == {Outcome.PASSED}
    assert next(verdicts["reference"].words()) == "pad-1: conforms to level A"


def test_a_failed_clause_says_what_was_asked_and_what_was_seen(
    verdicts: dict[str, Verdict],
) -> None:
    words = "\n".join(verdicts["stubborn"].words())
    assert "conforms to level B" in words
    assert "failed [A] rejected_final" in words
    assert "asked: what was rejected is not sent again" in words
    assert "again after its receipt" in words


def test_without_an_acceptable_event_it_says_what_was_wrong(
    verdicts: dict[str, Verdict],
) -> None:
    words = list(verdicts["level_six"].words())
    assert words[0] == "pad-1: does not conform, not even to level C"
    assert "      seen:  unknown_level: level: 6" in words
    assert any("never seen, so not proven: payload" in line for line in words)


def test_the_body_names_every_clause_once(verdicts: dict[str, Verdict]) -> None:
    body = verdicts["steady"].body()
    clauses = body["clauses"]
    assert isinstance(clauses, list)
    assert [it["clause"] for it in clauses] == list(CLAUSES)
    assert body["level"] == "B"


def test_a_verdict_reaches_every_level_up_to_its_own(
    verdicts: dict[str, Verdict],
) -> None:
    verdict = verdicts["steady"]
    assert [verdict.reaches(level) for level in LEVELS] == [True, True, False]
    assert not verdicts["level_six"].reaches(Level.C)


@pytest.mark.parametrize(
    "words",
    [
        ["--listen", "nowhere"],
        ["--device", "a/b"],
        ["--seconds", "0"],
        ["--level", "D"],
    ],
)
def test_bad_options_are_refused_with_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert words[1] in capsys.readouterr().err.splitlines()[-1]


def test_a_taken_port_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["--listen", place]) == 1
    assert f"cannot listen on {place}" in capsys.readouterr().err
