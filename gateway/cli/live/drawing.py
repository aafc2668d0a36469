"""A picture as lines of text for a terminal; pure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway.cli.live.figures import Hall, Picture, Pipeline, Press, Process, Sink
from gateway.cli.live.words import (
    clock,
    duration,
    latency,
    level_words,
    megabytes,
    number,
    other_fates,
    rate,
    satisfaction,
)

_LEVEL_STYLES: Final = {5: "green", 4: "cyan", 3: "yellow", 2: "red", 1: "bold red"}
_STATE_STYLES: Final = {
    "ok": "green",
    "retrying": "yellow",
    "open": "bold red",
    "held": "bold red",
    "disabled": "dim",
}
_BAR_CELLS: Final = 16
_PRESSES_MIN: Final = 3
_PRESSES_MAX: Final = 10
_HAPPENINGS_MAX: Final = 6
_UNTIL_LATE_MS: Final = 3_000
"""Within so long a press may be on its way without anything being wrong."""


class Section(NamedTuple):
    """`height` is exact as long as nothing wraps."""

    body: RenderableType
    height: int


def draw(picture: Picture, height: int = 50) -> RenderableType:
    """The picture in about `height` lines; what matters least is left out first."""
    head, way, parts = _head(picture), _way(picture), _parts(picture)
    left = height - head.height - way.height - parts.height
    kept: list[Section] = []
    reserve = _PRESSES_MIN + 1 if picture.hall is not None else 0
    for section in (_hints(picture), _news(picture)):
        if section.height <= left - reserve:
            kept.insert(0, section)
            left -= section.height
    pressed = _pressed(picture, min(_PRESSES_MAX, left - 1))
    sections = (head, pressed, way, parts, *kept)
    return Group(*(it.body for it in sections if it.height))


def _head(picture: Picture) -> Section:
    state = Text("ready", "bold green") if picture.ready else Text("not ready", "red")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(picture.title, "bold").append("  ").append(state)
    text.append(f"  {clock(picture.at_ms)}, for {duration(picture.elapsed_s)}", "dim")
    if picture.trouble is not None:
        text.append(f"\n{picture.trouble}", "red")
    return Section(text, 1 + (picture.trouble is not None))


def _titled(title: str, body: RenderableType, lines: int) -> Section:
    heading = Text(f"\n{title}", "bold blue")
    return Section(Group(heading, body), lines + 2)


def _grid(*columns: str) -> Table:
    """Columns by how they are aligned: l, r, or * for the one that takes the rest."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for column in columns:
        table.add_column(
            justify="right" if column == "r" else "left",
            ratio=1 if column == "*" else None,
            no_wrap=True,
            overflow="ellipsis",
        )
    return table


# ----- who presses what


def _pressed(picture: Picture, rows: int) -> Section:
    hall = picture.hall
    if hall is None or rows < 1:
        return Section("", 0)
    table = _grid("l", "l", "l", "r", "r", "*")
    shown = hall.presses[:rows]
    for press in shown:
        table.add_row(*_press(press, picture.at_ms))
    if not shown:
        table.add_row(Text("nothing yet", "dim"))
    return _titled("who presses what", table, max(1, len(shown)))


def _press(press: Press, now_ms: int) -> Iterator[Text]:
    yield Text(clock(press.pressed_ms), "dim")
    yield Text(press.device_id)
    yield Text(level_words(press.level), _LEVEL_STYLES.get(press.level or 0, "dim"))
    yield Text(f"received {latency(press.received_ms - press.pressed_ms)}", "dim")
    if press.backend_ms is not None:
        yield Text(f"at the backend {latency(press.backend_ms - press.pressed_ms)}")
    else:
        waits_ms = now_ms - press.pressed_ms
        style = "dim" if waits_ms < _UNTIL_LATE_MS else "yellow"
        yield Text(f"in the ledger, owed {duration(max(0, waits_ms) / 1000)}", style)
    yield Text("")


# ----- the way of a rating


def _way(picture: Picture) -> Section:
    pipeline = picture.pipeline
    if pipeline is None:
        nothing = Text("no figures yet", "dim")
        return _titled("the way of a rating", nothing, 1)
    table = _grid("l", "r", "r", "r", "r", "*")
    _add_intake(table, picture)
    _add_ledger(table, picture, pipeline)
    for sink in pipeline.sinks:
        _add_sink(table, sink, picture.rates.sinks.get(sink.name))
    return _titled("the way of a rating", table, 3 + len(pipeline.sinks))


def _add_intake(table: Table, picture: Picture) -> None:
    intake, pipeline, rates = picture.intake, picture.pipeline, picture.rates
    if intake is None:
        table.add_row("received", Text("ingest says nothing", "red"))
    else:
        up = Text("broker connected", "green")
        down = Text("broker away", "bold red")
        table.add_row(
            "received",
            f"{number(intake.received)} messages",
            rate(rates.received),
            f"{number(intake.unacknowledged)} not durable",
            "",
            up if intake.link_up else down,
        )
    assert pipeline is not None, "the caller has looked"
    size = megabytes(pipeline.journal.bytes)
    blocks = f"{number(pipeline.journal.block)} blocks"
    table.add_row("journal", blocks, rate(rates.blocks), "", "", Text(size, "dim"))


def _add_ledger(table: Table, picture: Picture, pipeline: Pipeline) -> None:
    behind = pipeline.blocks_behind
    others = other_fates(pipeline)
    counts = f", {others}" if others else ""
    agree = Text(f"counts agree{counts}", "green")
    differ = Text(f"counts differ: {number(pipeline.received)} received{counts}", "red")
    table.add_row(
        "ledger",
        f"{number(pipeline.accepted)} accepted",
        rate(picture.rates.processed),
        Text(f"{number(behind)} blocks behind", "yellow" if behind else ""),
        "",
        agree if pipeline.agrees else differ,
    )


def _add_sink(table: Table, sink: Sink, per_s: float | None) -> None:
    state = Text(sink.state, _STATE_STYLES.get(sink.state, "red"))
    if sink.dead:
        state.append(f", {number(sink.dead)} dead letters", "red")
    if sink.last_error and sink.state != "ok":
        state.append(f": {sink.last_error}", "dim")
    table.add_row(
        Text(f"→ {sink.name}", "bold"),
        f"{number(sink.delivered)} delivered",
        rate(per_s),
        Text(f"{number(sink.owed)} owed", "yellow" if sink.owed else ""),
        duration(sink.lag_s) if sink.owed else "",
        state,
    )


# ----- processes, levels


def _parts(picture: Picture) -> Section:
    processes = _processes(picture)
    if picture.hall is None:
        return processes
    levels = _levels(picture.hall)
    both = Table.grid(padding=(0, 4, 0, 0))
    both.add_row(processes.body, levels.body)
    return Section(both, max(processes.height, levels.height))


def _processes(picture: Picture) -> Section:
    table = Table.grid(padding=(0, 2, 0, 0))
    for column in ("left", "right", "right", "right", "left"):
        table.add_column(justify=column, no_wrap=True)
    for process in picture.processes:
        table.add_row(*_process(process, picture.rates.cpu.get(process.name)))
    return _titled("processes", table, len(picture.processes))


def _process(process: Process, cpu: float | None) -> Iterator[Text]:
    if process.pid is None:
        yield Text(process.name, "bold red")
        yield Text("down", "bold red")
        return
    yield Text(process.name)
    yield Text(str(process.pid), "cyan")
    yield Text(megabytes(process.rss_bytes), "dim")
    yield Text("" if cpu is None else f"{cpu:.0%} CPU", "dim")
    yield Text(process.note, "dim")


def _levels(hall: Hall) -> Section:
    table = Table.grid(padding=(0, 2, 0, 0))
    most = max(hall.levels.values(), default=0) or 1
    for level in range(5, 0, -1):
        count = hall.levels.get(level, 0)
        bar = "█" * round(_BAR_CELLS * count / most)
        words = Text(level_words(level), _LEVEL_STYLES[level])
        table.add_row(words, Text(number(count), justify="right"), bar)
    table.add_row("", "", "")
    devices = ", ".join(f"{count} {name}" for name, count in hall.presence.items())
    table.add_row("terminals", "", Text(devices or "none yet", no_wrap=True))
    title = f"satisfaction {satisfaction(hall.levels)}"
    return _titled(title, table, 7)


# ----- news, hints


def _news(picture: Picture) -> Section:
    newest = picture.happenings[-_HAPPENINGS_MAX:]
    if not newest:
        return Section("", 0)
    text = Text(no_wrap=True, overflow="ellipsis")
    for one in newest:
        text.append(f"{clock(one.at_ms)} ", "dim")
        text.append(f"{one.text}\n", "green" if one.good else "red")
    text.rstrip()
    return _titled("what happened", text, len(newest))


def _hints(picture: Picture) -> Section:
    if not picture.hints:
        return Section("", 0)
    text = Text(overflow="fold")
    for command, meaning in picture.hints:
        text.append(command, "bold").append(f"   # {meaning}\n", "dim")
    text.rstrip()
    return _titled("try, in another window", text, len(picture.hints))
