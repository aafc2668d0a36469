"""Samples for inspection: drawn once, then found of one by one."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.acts import SampleDrawAct, SampleFindingsAct
from gateway.ledger.samples import Samples
from gateway.places import Place
from gateway.processing.acts.acting import (
    ActError,
    Context,
    Handling,
    Outcome,
    handling,
)

SAMPLES_MAX: Final = 10_000
_DRAWN: Final = msgspec.json.Decoder(SampleDrawAct)


def _drawn(context: Context, act: SampleDrawAct) -> Outcome:
    samples = Samples(context.state.store)
    if samples.count() >= SAMPLES_MAX:
        raise ActError("conflict", f"there are {SAMPLES_MAX} samples already")
    sample_id = str(Place.unpack(context.place))
    data = msgspec.json.encode(act).decode()
    now_ms = context.state.now_ms
    samples.add(context.place, sample_id, act.author, now_ms, data)
    return {
        "sample_id": sample_id,
        "rated": act.rated,
        "unrated": act.unrated,
        "rated_shortfall": act.rated_shortfall,
        "unrated_shortfall": act.unrated_shortfall,
    }


def _found(context: Context, act: SampleFindingsAct) -> Outcome:
    samples = Samples(context.state.store)
    data = samples.data(act.sample_id)
    if data is None:
        raise ActError("not_found", f"no sample {act.sample_id!r}")
    drawn = _DRAWN.decode(data)
    members = {*drawn.rated, *drawn.unrated}
    foreign = [one.member for one in act.findings if one.member not in members]
    if foreign:
        raise ActError("invalid", f"{foreign[0]} is not in this sample")
    now_ms = context.state.now_ms
    samples.find(
        (act.sample_id, one.member, one.verdict, one.note, act.author, now_ms)
        for one in act.findings
    )
    return {"sample_id": act.sample_id, "findings": len(act.findings)}


HANDLERS: Final[Mapping[str, Handling[Any]]] = {
    "sample_drawn": handling(SampleDrawAct, _drawn),
    "sample_findings": handling(SampleFindingsAct, _found),
}
