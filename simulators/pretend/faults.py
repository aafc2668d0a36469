"""Faults on command: which requests go wrong, how, and how often."""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

import msgspec

FAULTS_MAX: Final = 100


class Conduct(StrEnum):
    """How a service treats a request that a fault applies to."""

    ANSWER = "answer"
    BLACK_HOLE = "black_hole"  # the request is read, and nothing ever comes back
    RESET_BEFORE = "reset_before"  # the connection breaks, nothing was taken
    RESET_AFTER = "reset_after"  # the request was taken, its answer never arrives
    NO_ANSWER = "no_answer"  # the request was taken, the connection stays, silent
    NONSENSE = "nonsense"  # bytes that are not the protocol's
    DRIP = "drip"  # the answer comes a byte at a time, `delay_ms` apart (proxy)
    REFUSE = "refuse"  # no connection is taken (proxy)


# What a service can do by itself; the others need the proxy in front of it.
BY_SERVICES: Final = frozenset(Conduct) - {Conduct.DRIP, Conduct.REFUSE}


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong.

    `match` is a regular expression over what the service is asked to take: the
    ids of events, or single lines of points; without it every request is meant.
    It lasts for `count` requests, or until it is cleared. With `status` None the
    truth is answered, after `delay_ms`.
    """

    conduct: Conduct = Conduct.ANSWER
    status: int | None = None
    match: str | None = None
    count: int | None = None
    delay_ms: int = 0
    headers: dict[str, str] = {}
    body: str = ""


def decode_faults(data: bytes) -> list[Fault]:
    """Read a JSON list of faults.

    Raises:
        ValueError: not such a list, too long, or not a regular expression.

    """
    faults = msgspec.json.decode(data, type=list[Fault])
    if len(faults) > FAULTS_MAX:
        raise ValueError(f"more than {FAULTS_MAX} faults")
    for fault in faults:
        try:
            re.compile(fault.match or "")
        except re.error as error:
            raise ValueError(f"match: {error}") from error
    return faults


class FaultPlan:
    """The faults in force; the first that applies to a request is taken."""

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        conducts: Collection[Conduct] = BY_SERVICES,
    ) -> None:
        self._conducts = conducts
        self._active: list[tuple[Fault, re.Pattern[str] | None, int | None]] = []
        self.replace(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Put these in force instead of all others.

        Raises:
            ValueError: one that this service cannot commit.

        """
        faults = list(faults)
        for fault in faults:
            if fault.conduct not in self._conducts:
                raise ValueError(f"{fault.conduct}: only the proxy does that")
        self._active = [
            (fault, re.compile(fault.match) if fault.match else None, fault.count)
            for fault in faults
        ]

    def take(
        self, subjects: Iterable[str], *, connecting: bool = False
    ) -> Fault | None:
        """Return the fault for a request about `subjects`; uses it up by one.

        `connecting` is before any request: only `refuse` applies then.
        """
        subjects = list(subjects) if self._active else []
        for index, (fault, pattern, left) in enumerate(self._active):
            if (fault.conduct is Conduct.REFUSE) is not connecting:
                continue
            if pattern and not any(pattern.search(subject) for subject in subjects):
                continue
            if left is not None and left <= 1:
                del self._active[index]
            elif left is not None:
                self._active[index] = (fault, pattern, left - 1)
            return fault
        return None
