"""The end of a demo: whether every press was kept, and delivered once to each sink."""

from collections.abc import Iterator
from typing import Any

import msgspec

from gateway.cli.live.words import number


class Found(msgspec.Struct, frozen=True):
    """One sink, compared press by press with what the terminals wrote down."""

    held: int
    missing: int
    extra: int
    altered: int

    @property
    def right(self) -> bool:
        return not (self.missing or self.extra or self.altered)


class Reckoning(msgspec.Struct, frozen=True):
    """`kept` None: the ledger could not be read; a sink None: it was not compared.

    `unsent` are not among `pressed`: their terminals will send them when they can.
    """

    pressed: int
    kept: int | None
    sinks: dict[str, Found | None]
    unsent: int = 0

    @property
    def right(self) -> bool:
        return self.kept == self.pressed and all(
            found is not None and found.right and found.held == self.pressed
            for found in self.sinks.values()
        )

    def lines(self) -> Iterator[str]:
        """The summary for people."""
        sign = "=" if self.right else "≠"
        kept = "?" if self.kept is None else number(self.kept)
        parts = [f"{number(self.pressed)} pressed", f"{kept} kept in the ledger"]
        for name, found in self.sinks.items():
            held = "?" if found is None else number(found.held)
            parts.append(f"{held} delivered to {name}")
        yield f" {sign} ".join(parts)
        if self.unsent:
            yield f"{number(self.unsent)} more are kept by terminals that are offline"
        for name, found in self.sinks.items():
            if found is None:
                yield f"{name} could not be compared"
            elif not found.right:
                yield (
                    f"{name}: {found.missing} missing, {found.extra} extra, "
                    f"{found.altered} altered"
                )


def reckon(
    pressed: int, kept: int | None, report: dict[str, Any], unsent: int = 0
) -> Reckoning:
    """`report` is that of `simulators reconcile`: points and events."""
    return Reckoning(
        pressed,
        kept,
        {
            "InfluxDB": _found(report.get("points")),
            "backend": _found(report.get("events")),
        },
        unsent,
    )


def _found(part: object) -> Found | None:
    return None if part is None else msgspec.convert(part, Found)
