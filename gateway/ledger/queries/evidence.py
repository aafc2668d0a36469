"""The figures of alerts: of the device's health as it is, else of what it is about."""

from typing import Final

import msgspec

from fleet.evidence import Figures, figures_of
from fleet.findings import Findings
from fleet.vitals import Vitals

FINDINGS: Final = msgspec.json.Decoder(Findings)
VITALS: Final = msgspec.json.Decoder(Vitals)

_SINKS: Final = frozenset({"sink", "events_given_up", "canary"})
_JOURNAL: Final = "the journal"
_BLOCK: Final = "block "


def figures_of_alert(
    cause: str,
    subject: str,
    devices: tuple[str, ...],
    vitals: str | None,
    findings: str | None,
) -> Figures:
    """`vitals` and `findings` are JSON, None of an alert that is over."""
    if devices:
        return {"devices": len(devices)}
    if cause in _SINKS and subject != _JOURNAL:
        return {"sink": subject}
    if cause == "inspection_overdue":
        return {"work": [subject.rpartition(":")[2]]}
    if subject.startswith(_BLOCK):
        return {"block": subject.removeprefix(_BLOCK)}
    if findings is None:
        return {}
    known = VITALS.decode(vitals) if vitals else Vitals()
    found = FINDINGS.decode(findings)
    stands = any(reason.code == cause for reason in found.reasons)
    return figures_of(cause, known, found) if stands else {}
