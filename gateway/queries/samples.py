"""Samples for inspection: who may be drawn, and what was."""

import msgspec

from gateway.ratings.sampling import Verdict


class Candidates(msgspec.Struct, frozen=True):
    """Ratings in effect, and eligible sessions that ended without one."""

    rated: list[str]
    unrated: list[str]


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sample as it was drawn; `data` is `gateway.acts.SampleDrawAct`, encoded.

    `matches`, `differs` and `exempt` count what was found of its members.
    """

    sample_id: str
    author: str
    at_ms: int
    data: str
    matches: int
    differs: int
    exempt: int


class FoundRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a member last, by whom."""

    member: str
    verdict: Verdict
    note: str
    author: str
    at_ms: int


class SampleDetail(msgspec.Struct, frozen=True):
    sample: SampleRow
    findings: list[FoundRow]
