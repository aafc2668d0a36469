"""What holds of every channel that tells people: in effect each notice exactly once.

The same cases through both channels, e-mail and webhook, as shipped, each against a
true server on the loopback, and through one in memory. A notice that comes again has
the name of the first: whoever reads tells it by that.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Protocol

import msgspec
import pytest

from gateway.delivery.lane import Request
from gateway.delivery.runner import Runner
from gateway.events import CloudEvents, cloud_id
from gateway.events.cloudevents import CloudEvent
from gateway.ports import Answer, AnyEvent, Event, Sink, Unit, Verdict
from gateway.sinks import letters
from simulators.pretend.backend import PretendBackend, read_log
from simulators.pretend.faults import Conduct, Fault
from simulators.pretend.smtp import PretendSmtp
from tests.support.notices import notice
from tests.support.telling import SECRET, email, life, tell, webhook

NOTICES: Final = 6
KILLED: Final = -9
DEADLINE_S: Final = 40.0


class Place(Protocol):
    """Where a channel ends; troubles hold for the next notice, or until `mend`."""

    channel: str

    @property
    def address(self) -> str: ...

    def sink(self) -> Sink: ...

    def names(self) -> list[str]:
        """Of all notices that were taken, repetitions too."""

    def be_busy(self) -> None: ...

    def refuse_it(self) -> None: ...

    def refuse_us(self) -> None: ...

    def break_off(self) -> None:
        """In the middle of the next notice: nothing is taken."""

    def lose_answer(self) -> None:
        """The next notice is taken, and nobody hears of it."""

    def mend(self) -> None: ...


class Memory:
    """The promises alone."""

    channel = "memory"

    def __init__(self) -> None:
        self._taken: list[str] = []
        self._answer: Answer | None = None
        self._keeps = True

    @property
    def address(self) -> str:
        raise AssertionError("no other process reaches it")

    def sink(self) -> Sink:
        return self

    async def send(self, units: Sequence[Unit]) -> Answer:
        (unit,) = units
        assert isinstance(unit, Event)
        if self._answer is None or self._keeps:
            self._taken.append(cloud_id(unit))
        found, self._answer = self._answer, None
        return found or Answer(Verdict.DELIVERED, 1)

    async def close(self) -> None:
        """Nothing is held."""

    def names(self) -> list[str]:
        return self._taken

    def _next(self, verdict: Verdict, *, keeps: bool = False) -> None:
        self._answer, self._keeps = Answer(verdict, 1), keeps

    def be_busy(self) -> None:
        self._next(Verdict.RETRY)

    def refuse_it(self) -> None:
        self._next(Verdict.REFUSED)

    def refuse_us(self) -> None:
        self._next(Verdict.OPERATOR)

    def break_off(self) -> None:
        self._next(Verdict.RETRY)

    def lose_answer(self) -> None:
        self._next(Verdict.RETRY, keeps=True)

    def mend(self) -> None:
        self._answer = None


class Mail:
    channel = "email"

    def __init__(self, server: PretendSmtp) -> None:
        self._server = server

    @property
    def address(self) -> str:
        return str(self._server.port)

    def sink(self) -> Sink:
        return email(self._server.port)

    def names(self) -> list[str]:
        return [taken.message["Message-ID"] for taken in self._server.taken]

    def be_busy(self) -> None:
        self._server.refusals["MAIL"] = "451 come back later"

    def refuse_it(self) -> None:
        self._server.refusals["."] = "554 looks like spam"

    def refuse_us(self) -> None:
        self._server.refusals["MAIL"] = "550 who are you"

    def break_off(self) -> None:
        self._server.breaks_off = 1

    def lose_answer(self) -> None:
        self._server.loses_answers = 1

    def mend(self) -> None:
        self._server.refusals.clear()


class Hook:
    channel = "webhook"

    def __init__(self, server: PretendBackend, log: Path) -> None:
        self._server = server
        self._log = log

    @property
    def address(self) -> str:
        return f"{self._server.url}/pager"

    def sink(self) -> Sink:
        return webhook(self.address)

    def names(self) -> list[str]:
        lines = [line for line in read_log(self._log) if line.status < 300]
        assert {line.signature for line in lines} <= {"ok"}
        return [str(msgspec.json.decode(line.body)["id"]) for line in lines]

    def _next(self, fault: Fault) -> None:
        self._server.faults.replace([fault])

    def be_busy(self) -> None:
        self._next(Fault(status=503))

    def refuse_it(self) -> None:
        self._next(Fault(status=422))

    def refuse_us(self) -> None:
        self._next(Fault(status=401))

    def break_off(self) -> None:
        self._next(Fault(conduct=Conduct.RESET_BEFORE, count=1))

    def lose_answer(self) -> None:
        self._next(Fault(conduct=Conduct.RESET_AFTER, count=1))

    def mend(self) -> None:
        self._server.faults.replace([])


async def _places(kind: str, directory: Path) -> AsyncIterator[Place]:
    if kind == "memory":
        yield Memory()
    elif kind == "email":
        async with PretendSmtp() as smtp:
            yield Mail(smtp)
    else:
        log = directory / "hook.log"
        async with PretendBackend(log, secrets=[SECRET]) as backend:
            yield Hook(backend, log)
        backend.close()


@pytest.fixture(params=["memory", "email", "webhook"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for one in _places(request.param, tmp_path):
        yield one


@pytest.fixture(params=["email", "webhook"])
async def real(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async for one in _places(request.param, tmp_path):
        yield one


async def send(place: Place, number: int) -> Verdict:
    sink = place.sink()
    try:
        return (await sink.send([notice(number)])).verdict
    finally:
        await sink.close()


# ----- what a sink promises


async def test_what_was_taken_is_delivered(place: Place) -> None:
    assert await send(place, 1) is Verdict.DELIVERED
    assert len(place.names()) == 1


async def test_two_notices_have_two_names_and_one_told_again_has_one(
    place: Place,
) -> None:
    for number in (1, 2, 1):
        await send(place, number)
    first, second, again = place.names()
    assert first == again
    assert first != second


async def test_who_is_busy_is_asked_again(place: Place) -> None:
    place.be_busy()
    assert await send(place, 1) is Verdict.RETRY
    assert place.names() == []


async def test_a_notice_that_is_refused_is_the_notices_fault(place: Place) -> None:
    place.refuse_it()
    assert await send(place, 1) is Verdict.REFUSED
    assert place.names() == []


async def test_that_we_are_refused_is_an_operators_affair(place: Place) -> None:
    place.refuse_us()
    assert await send(place, 1) is Verdict.OPERATOR
    assert place.names() == []


async def test_a_connection_that_breaks_off_in_the_middle_tells_nothing(
    place: Place,
) -> None:
    place.break_off()
    assert await send(place, 1) is Verdict.RETRY
    assert place.names() == []
    assert await send(place, 1) is Verdict.DELIVERED


async def test_a_lost_answer_is_no_delivery(place: Place) -> None:
    place.lose_answer()
    assert await send(place, 1) is Verdict.RETRY
    assert await send(place, 1) is Verdict.DELIVERED
    assert len(place.names()) == 2
    assert len(set(place.names())) == 1


# ----- what the dispatcher makes of it


@pytest.mark.parametrize("trouble", ["break_off", "lose_answer", "be_busy"])
async def test_in_effect_each_is_told_once(
    place: Place, trouble: str, tmp_path: Path
) -> None:
    getattr(place, trouble)()
    asyncio.get_running_loop().call_later(0.1, place.mend)
    await tell(tmp_path, "webhook", place.sink(), NOTICES)
    names = place.names()
    assert len(set(names)) == NOTICES
    assert len(names) <= NOTICES + 1


# ----- kill -9


async def _live(place: Place, directory: Path, crash: str = "") -> int | None:
    """One life of a process that tells; how it ended."""
    child = life(directory, place.channel, place.address, NOTICES, crash)
    return await _ended(child)


async def _ended(child: BaseProcess) -> int | None:
    await asyncio.to_thread(child.join, DEADLINE_S)
    return child.exitcode


KILLS: Final = (
    "sink.before_request:2",
    "sink.after_answer:2",
    "cursor.before_commit:2",
)


async def test_killed_while_telling_it_tells_once_more_at_most_and_loses_none(
    real: Place, tmp_path: Path
) -> None:
    ends = [await _live(real, tmp_path, kill) for kill in (*KILLS, "")]
    assert ends == [KILLED] * len(KILLS) + [0]
    names = real.names()
    assert len(set(names)) == NOTICES
    assert len(names) <= NOTICES + len(KILLS)


async def test_killed_in_the_middle_of_a_letter_it_is_told_by_the_next_life(
    tmp_path: Path,
) -> None:
    async with PretendSmtp() as server:
        mail = Mail(server)
        server.stalls = 1
        child = life(tmp_path, mail.channel, mail.address, NOTICES)
        async with asyncio.timeout(DEADLINE_S):
            await server.stalled.wait()
        child.kill()
        assert await _ended(child) == KILLED
        assert mail.names() == []
        assert await _live(mail, tmp_path) == 0
        assert len(mail.names()) == len(set(mail.names())) == NOTICES


# ----- without one of the mechanisms


async def test_it_is_noticed_when_notices_are_marked_before_they_are_sent(
    real: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def marked_first(runner: Runner, request: Request) -> None:
        taken = Answer(Verdict.DELIVERED, len(request.units))
        runner._lane.answered(request, taken, 0)  # noqa: SLF001 -- what it breaks
        runner._save()  # noqa: SLF001 -- what it breaks
        await runner._sink.send(request.units)  # noqa: SLF001 -- what it breaks
        runner.pump()

    monkeypatch.setattr(Runner, "_send", marked_first)
    real.break_off()
    await tell(tmp_path, "webhook", real.sink(), NOTICES)
    assert len(set(real.names())) == NOTICES - 1


async def test_it_is_noticed_when_a_notice_has_no_name_of_its_own(
    real: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count(1)
    shipped = CloudEvents.wrap

    def wrap(made: CloudEvents, event: AnyEvent) -> CloudEvent:
        found = shipped(made, event)
        found.id = f"{found.id}:{next(numbers)}"
        return found

    monkeypatch.setattr(CloudEvents, "wrap", wrap)
    monkeypatch.setattr(letters, "cloud_id", lambda _: f"notice {next(numbers)}")
    real.lose_answer()
    await tell(tmp_path, "webhook", real.sink(), NOTICES)
    assert len(set(real.names())) == NOTICES + 1
