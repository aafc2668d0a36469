"""A picture as one line, for a pipe or a log."""

from gateway.cli.live.figures import Picture, Sink
from gateway.cli.live.words import clock, duration, number, other_fates, rate


def line(picture: Picture, since_ms: int = 0) -> str:
    """Time, readiness and the way of a rating from left to right.

    At its end stands what has happened after `since_ms`, when the last line was made.
    """
    parts = [clock(picture.at_ms), "ready" if picture.ready else "NOT READY"]
    if picture.trouble is not None:
        parts.append(picture.trouble)
    if picture.intake is not None:
        parts.append(f"received {number(picture.intake.received)}")
    pipeline = picture.pipeline
    if pipeline is not None:
        per_s = rate(picture.rates.processed) or "-"
        behind = pipeline.blocks_behind
        late = f", {number(behind)} blocks behind" if behind else ""
        parts.append(f"ledger {number(pipeline.accepted)} ({per_s}{late})")
        parts += filter(None, [other_fates(pipeline)])
        parts += map(_sink, pipeline.sinks)
    down = [process.name for process in picture.processes if process.pid is None]
    if down:
        parts.append(f"down: {', '.join(down)}")
    parts += [it.text for it in picture.happenings if it.at_ms > since_ms]
    return " | ".join(parts)


def _sink(sink: Sink) -> str:
    text = f"{sink.name} {number(sink.delivered)}"
    if sink.owed:
        text += f", owed {number(sink.owed)} for {duration(sink.lag_s)}"
    if sink.state != "ok":
        text += f", {sink.state}"
    return text + (f", {number(sink.dead)} dead" if sink.dead else "")
