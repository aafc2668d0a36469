"""What a run did, for people and programs."""

import json
from collections.abc import Iterator
from typing import Any

from simulators.processes import rss_bytes
from simulators.simulate.book import Book
from simulators.simulate.crowd import Crowd
from simulators.simulate.meter import Histogram

_MIB = 1024 * 1024


def summary(crowd: Crowd, pid: int) -> dict[str, Any]:
    """Everything that was counted and measured."""
    meter, book = crowd.meter, crowd.book
    events = book.events.values()
    return {
        "terminals": len(crowd.terminals),
        "began_ms": book.began_ms,
        "ended_ms": book.ended_ms,
        "pressed": meter.counts["pressed"],
        "sent": sum(event.sendings > 0 for event in events),
        "sendings": sum(event.sendings for event in events),
        "acknowledged": sum(event.taken > 0 for event in events),
        "receipted": sum(event.receipted for event in events),
        "refused": sum(bool(event.refused) for event in events),
        "level_c_lost_offline": book.lost_offline,
        "still_kept": crowd.kept,
        "junk": {
            verdict.reason: count
            for verdict, count in sorted(book.sent.items())
            if verdict.reason
        },
        "seq_resets": book.seq_resets,
        "counts": dict(meter.counts),
        "refusals": dict(meter.refusals),
        "press_to_puback": meter.press_to_puback.summary(),
        "press_to_receipt": meter.press_to_receipt.summary(),
        "stages": [stage.summary() for stage in meter.stages],
        "rss_mib": round(rss_bytes(pid) / _MIB, 1),
        "verdict": meter.verdict(),
        "expected": {
            "fates": {name: list(one) for name, one in book.fates().items()},
            "quarantine": {name: list(one) for name, one in book.reasons().items()},
            "ratings": sum(event.certain for event in events),
            "points": sum(event.certain and event.live for event in events),
            "events": sum(event.certain and event.live for event in events),
        },
    }


def manifest(book: Book) -> Iterator[str]:
    """What must arrive, a JSON line a press, as `simulators reconcile` reads it.

    It knows neither presses without effect nor clocks that the gateway corrects.
    """
    for event in book.events.values():
        if event.certain and event.effective == 1 and event.exact:
            told = {
                "event_id": event.event_id,
                "device_id": event.device_id,
                "level": event.level,
                "session_id": event.session_id,
                "employee_id": event.employee_id,
                "occurred_ms": event.claimed_ms,
            }
            yield json.dumps(told) + "\n"


def lines(found: dict[str, Any], crowd: Crowd) -> Iterator[str]:
    """The same in words and few."""
    meter = crowd.meter
    yield (
        f"{found['terminals']:,} terminals pressed {found['pressed']:,} times: "
        f"{found['sent']:,} sent ({found['sendings']:,} sendings), "
        f"{found['acknowledged']:,} acknowledged, {found['receipted']:,} receipted"
    )
    if found["still_kept"]:
        yield f"{found['still_kept']:,} events are still kept by their terminals"
    if found["junk"]:
        told = ", ".join(f"{name} {count}" for name, count in found["junk"].items())
        yield f"junk and conflicts: {told}"
    if found["refusals"]:
        told = ", ".join(f"{name} {count}" for name, count in found["refusals"].items())
        yield f"refused: {told}"
    yield f"press to PUBACK:  {_durations(meter.press_to_puback)}"
    yield f"press to receipt: {_durations(meter.press_to_receipt)}"
    for number, stage in enumerate(found["stages"], 1):
        yield (
            f"stage {number}: {stage['pressed_per_s']:,}/s pressed, "
            f"{stage['acknowledged_per_s']:,}/s acknowledged, "
            f"{stage['receipted_per_s']:,}/s receipted, "
            f"own CPU {stage['cpu_share']:.0%}, "
            f"loop lag p99 {stage['loop_lag_p99_ms']} ms"
        )
    yield found["verdict"]


def _durations(durations: Histogram) -> str:
    if not durations.count:
        return "none"
    ranks = ", ".join(
        f"p{rank} {durations.percentile(rank)} ms" for rank in (50, 95, 99)
    )
    return f"{ranks}, max {durations.max_ms:.1f} ms ({durations.count:,})"
