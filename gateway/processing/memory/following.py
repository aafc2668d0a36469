"""What follows terminals through the fold: their presence, and what becomes of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from device_protocol.messages import Reply
from fleet.canary import Terms
from fleet.commands.course import Command
from fleet.tables import Row
from gateway.acts import CanaryArrival
from gateway.ledger.devices import Device


class Watcher(Protocol):
    """What follows the presence of devices."""

    def lived(self, device: Device, at_ms: int) -> None:
        """It speaks after a while."""

    def gone(self, device: Device, at_ms: int) -> None:
        """Its connection ended."""

    def moved(self, device: Device) -> None:
        """Its lifecycle changed."""

    def part_twins(self, device: Device) -> None:
        """It is one device again, a person says."""

    def booted(self, device: Device, boot_id: str | None, at_ms: int) -> None:
        """It told which boot speaks."""


class Accountant(Protocol):
    """What keeps account of the time in which devices serve, and do not."""

    def follow(self, device: Device, at_ms: int) -> None:
        """Its presence, health, lifecycle or site may be otherwise since then."""

    def attend(self, at_ms: int) -> None:
        """Whether the gateway sees anything may be otherwise since then."""

    def closed(self, rows: Iterable[Row]) -> None:
        """Closures were written or changed; these are the rows before and after."""


class Ghosts(Protocol):
    """What follows the presses of ghosts (`fleet.canary`)."""

    @property
    def ghosts(self) -> Mapping[str, str]:
        """The site of each ghost, by its device id."""

    def apply(self, terms: Terms) -> int:
        """Put terms in force; answers how many sites have a ghost."""

    def arrived(self, arrivals: Sequence[CanaryArrival]) -> None:
        """Presses were delivered to sinks."""


class Commander(Protocol):
    """What follows the commands to terminals."""

    def born(self, device: Device) -> None:
        """It is there again."""

    def replied(self, device: Device, reply: Reply) -> Command | None:
        """Its word to a command; None: that is none of its commands."""


class Furnisher(Protocol):
    """What follows the settings wanted of terminals."""

    def born(self, device: Device) -> None:
        """It is there again, and told which settings it has."""
