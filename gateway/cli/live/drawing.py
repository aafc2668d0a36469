"""A picture as lines of text for a terminal; pure."""

from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Final

from rich.console import Console, Group, RenderableType
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
_ROOMY_LINES: Final = 40
_CPU_CELLS: Final = 90
_NOTES_CELLS: Final = 108
_HINT_S: Final = 6
_PRESSES_MIN: Final = 2
_PRESSES_MAX: Final = 10
_HAPPENINGS_MAX: Final = 6
_UNTIL_LATE_MS: Final = 3_000
"""Within so long a press may be on its way without anything being wrong."""


def draw(picture: Picture, width: int = 110, height: int = 60) -> RenderableType:
    """The picture in at most `height` lines, if that can be done at all.

    Where it is tight, what happened and what to try become a line each, and fewer
    presses are shown.
    """
    measure = _Measure(width)
    gap = int(height >= _ROOMY_LINES)
    fixed = [_head(picture), _way(picture), _parts(picture, width)]
    left = height - sum(map(measure.lines, fixed)) - gap * len(fixed)
    reserve = 1 + _PRESSES_MIN if picture.hall is not None else 0
    last: list[RenderableType] = []
    for choices in (_news(picture), _hints(picture)):
        for section in choices:
            lines = measure.lines(section) + gap
            if lines <= left - reserve:
                last.append(section)
                left -= lines
                break
    pressed = _pressed(picture, min(_PRESSES_MAX, left - 1))
    sections = [fixed[0], pressed, *fixed[1:], *last]
    return Group(*_apart([it for it in sections if it is not None], gap))


def _apart(sections: Sequence[RenderableType], gap: int) -> Iterator[RenderableType]:
    for position, section in enumerate(sections):
        if position and gap:
            yield Text("")
        yield section


class _Measure:
    """Knows how many lines something takes at a width."""

    def __init__(self, width: int) -> None:
        self._console = Console(width=width, file=StringIO(), force_terminal=False)

    def lines(self, section: RenderableType | None) -> int:
        return 0 if section is None else len(self._console.render_lines(section))


def _head(picture: Picture) -> RenderableType:
    state = Text("ready", "bold green") if picture.ready else Text("not ready", "red")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(picture.title, "bold").append("  ").append(state)
    text.append(f"  {clock(picture.at_ms)}", "dim")
    if picture.elapsed_s >= 1:
        text.append(f", for {duration(picture.elapsed_s)}", "dim")
    if picture.trouble is not None:
        text.append(f"\n{picture.trouble}", "red")
    return text


def _titled(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(title, "bold blue"), body)


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


def _pressed(picture: Picture, rows: int) -> RenderableType | None:
    hall = picture.hall
    if hall is None or rows < 1:
        return None
    table = _grid("l", "l", "l", "r", "r", "*")
    shown = hall.presses[:rows]
    for press in shown:
        table.add_row(*_press(press, picture.at_ms))
    if not shown:
        table.add_row(Text("nothing yet", "dim"))
    return _titled("who presses what", table)


def _press(press: Press, now_ms: int) -> Iterator[Text]:
    yield Text(clock(press.pressed_ms), "dim")
    yield Text(press.device_id)
    yield Text(level_words(press.level), _LEVEL_STYLES.get(press.level or 0, "dim"))
    yield Text(f"received {latency(press.received_ms - press.pressed_ms)}", "dim")
    if press.backend_ms is not None:
        yield Text(f"backend {latency(press.backend_ms - press.pressed_ms)}")
    else:
        waits_ms = now_ms - press.pressed_ms
        style = "dim" if waits_ms < _UNTIL_LATE_MS else "yellow"
        yield Text(f"owed {duration(max(0, waits_ms) / 1000)}", style)
    yield Text("")


# ----- the way of a rating


def _way(picture: Picture) -> RenderableType:
    pipeline = picture.pipeline
    if pipeline is None:
        nothing = Text("no figures yet", "dim")
        return _titled("the way of a rating", nothing)
    table = _grid("l", "r", "r", "r", "r", "*")
    _add_intake(table, picture)
    _add_ledger(table, picture, pipeline)
    for sink in pipeline.sinks:
        _add_sink(table, sink, picture.rates.sinks.get(sink.name))
    return _titled("the way of a rating", table)


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


def _parts(picture: Picture, width: int) -> RenderableType:
    alone = picture.hall is None
    processes = _processes(
        picture, cpu=alone or width >= _CPU_CELLS, notes=width >= _NOTES_CELLS
    )
    if picture.hall is None:
        return processes
    both = Table.grid(padding=(0, 4, 0, 0))
    both.add_row(processes, _levels(picture.hall))
    return both


def _processes(picture: Picture, *, cpu: bool, notes: bool) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    for process in picture.processes:
        used = picture.rates.cpu.get(process.name)
        more = [Text("" if used is None else f"{used:.0%} CPU", "dim")] * cpu
        more += [Text(process.note, "dim")] * notes
        table.add_row(*_process(process), *more)
    return _titled("processes", table)


def _process(process: Process) -> tuple[Text, Text, Text]:
    if process.pid is None:
        red = "bold red"
        return Text(process.name, red), Text("down", red), Text("")
    size = Text(megabytes(process.rss_bytes), "dim")
    halted = Text("halted", "bold yellow")
    pid = Text(str(process.pid), "cyan")
    return Text(process.name), pid, halted if process.halted else size


def _levels(hall: Hall) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    most = max(hall.levels.values(), default=0) or 1
    for level in range(5, 0, -1):
        count = hall.levels.get(level, 0)
        bar = "█" * round(_BAR_CELLS * count / most)
        style = _LEVEL_STYLES[level]
        words = Text(level_words(level), style)
        table.add_row(words, Text(number(count), justify="right"), Text(bar, style))
    table.add_row("", "", "")
    devices = ", ".join(f"{count} {name}" for name, count in hall.presence.items())
    table.add_row("terminals", "", Text(devices or "none yet", no_wrap=True))
    title = f"satisfaction {satisfaction(hall.levels)}"
    return _titled(title, table)


# ----- news, hints


def _news(picture: Picture) -> Sequence[RenderableType]:
    """The newest at length, or the very last alone."""
    newest = picture.happenings[-_HAPPENINGS_MAX:]
    if not newest:
        return ()
    lines = [
        Text.assemble(
            (f"{clock(one.at_ms)} ", "dim"),
            (one.text, "green" if one.good else "red"),
            no_wrap=True,
            overflow="ellipsis",
        )
        for one in newest
    ]
    return _titled("what happened", Group(*lines)), lines[-1]


def _hints(picture: Picture) -> Sequence[RenderableType]:
    """All, or one after the other in a single line."""
    if not picture.hints:
        return ()
    lines = [
        Text.assemble((command, "bold"), (f"  # {meaning}", "dim"), overflow="fold")
        for command, meaning in picture.hints
    ]
    turn = lines[int(picture.elapsed_s / _HINT_S) % len(lines)]
    one = Text.assemble(("try: ", "bold blue"), turn, overflow="fold")
    return _titled("try, in another window", Group(*lines)), one
