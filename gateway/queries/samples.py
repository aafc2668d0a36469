"""Samples for inspection: who may be drawn, and what was."""

import msgspec

from gateway.ratings.sampling import Finding


class Candidates(msgspec.Struct, frozen=True):
    """Ratings in effect, and eligible sessions that ended without one."""

    rated: list[str]
    unrated: list[str]


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sample as it was drawn; `data` is `gateway.acts.SampleDrawAct`, encoded."""

    sample_id: str
    author: str
    at_ms: int
    data: str


class SampleDetail(msgspec.Struct, frozen=True):
    sample: SampleRow
    findings: list[Finding]
