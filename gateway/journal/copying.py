"""A copy of the journal while it is written, by short reads of its blocks.

Blocks never change but for redactions, so no read has to hold one state of the journal
for long, which would keep the engine's log from being reused: appends would wait.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.errors import PermanentError
from gateway.journal.sqlite import SYNCHRONOUS
from gateway.journal.table import BlockTable, Stored
from gateway.places import GENERATIONS_MAX
from gateway.ports import Header

_STEP_BLOCKS: Final = 256
_STEP_BYTES: Final = 2 << 20
_BESIDE: Final = 1_000
"""Blocks that may be left to the last read, which holds one state of the journal."""

_PASSES_MAX: Final = 10
"""A journal that grows as fast as it is copied is not chased for ever."""


def copy_journal(
    source: Path, target: Path, pause: Callable[[], None]
) -> Header | None:
    """Copy all blocks to a new file, to be settled by the caller; the newest header.

    What is pruned or redacted meanwhile is so in the copy, too. `pause` is called
    between two steps.
    """
    old = BlockTable.reading(source)
    try:
        new = BlockTable.writing(target, "OFF")
        try:
            last = 0
            for _ in range(_PASSES_MAX):
                last = _up_to(old.last_number(), old, new, last, pause)
                if old.last_number() - last < _BESIDE:
                    break
            with old.snapshot():
                _finish(old, new, last)
            return new.newest()
        finally:
            new.close()
    finally:
        old.close()


def _up_to(
    end: int, old: BlockTable, new: BlockTable, last: int, pause: Callable[[], None]
) -> int:
    """Copy on from `last` up to `end`, or a little beyond; how far."""
    while last < end and (rows := old.rows(last, _STEP_BLOCKS, _STEP_BYTES)):
        last = _take(new, rows)
        new.checkpoint_when_due()
        pause()
    return last


def _take(new: BlockTable, rows: list[Stored]) -> int:
    """The number of the last one."""
    with new.transaction():
        for header, body, _ in rows:
            new.insert(header, body)
    return rows[-1].header.number


def _finish(old: BlockTable, new: BlockTable, last: int) -> None:
    """Make the copy what the journal is in this moment."""
    while rows := old.rows(last, _STEP_BLOCKS, _STEP_BYTES):
        last = _take(new, rows)
    with new.transaction():
        new.set_generation(old.generation())
        for redaction in old.redactions():
            stored = old.block(redaction.block)
            if stored is not None:
                new.replace_body(redaction, stored.body)
        if anchor := old.anchor():
            new.set_anchor(anchor)
            new.drop_to_anchor()


def raise_generation(path: Path) -> int:
    """From here on places are of another generation: another history begins.

    Raises:
        PermanentError: it was restored too often.

    """
    table = BlockTable.writing(path, SYNCHRONOUS)
    try:
        head = table.newest()
        generation = max(table.generation(), head.generation if head else 1) + 1
        if generation >= GENERATIONS_MAX:
            raise PermanentError(
                f"{path}: restored {GENERATIONS_MAX} times: begin with a new directory"
            )
        table.set_generation(generation)
    finally:
        table.close()
    return generation
