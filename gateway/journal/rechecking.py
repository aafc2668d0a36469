"""A check without end: pass after pass over a journal in use, in small steps."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw

from gateway.journal.auditing import Audit
from gateway.journal.damage import Damage
from gateway.journal.salvage import ILLEGIBLE
from gateway.journal.verifying import Verification


class Step(NamedTuple):
    """What a step found; it checked `blocks`, and the journal has some `total`."""

    found: list[Damage]
    blocks: int
    total: int


class EndlessCheck:
    """`step` it from one thread, for ever; what cannot be read is a finding."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pass: Verification | None = None
        self._total = 0

    def step(self) -> Step:
        """Some more blocks; none at the end of a pass, then it begins anew."""
        try:
            return self._step()
        except (*ILLEGIBLE, apsw.Error):
            self.close()
            return Step([Damage("unreadable", 0, 0)], 0, 0)

    def close(self) -> None:
        if self._pass is not None:
            self._pass.close()
            self._pass = None

    def _step(self) -> Step:
        if self._pass is None:
            with closing(Audit(self._path)) as audit:
                self._total = audit.blocks()
            self._pass = Verification.open(self._path)
        current, before = self._pass, self._pass.blocks
        found = current.step()
        if current.done:
            self.close()
        return Step(found, current.blocks - before, self._total)
