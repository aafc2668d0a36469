"""The whole configuration."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self, get_args

from pydantic import model_validator

from gateway.settings.broker import Broker
from gateway.settings.daemon import (
    Backup,
    Canary,
    Console,
    Fleet,
    Gateway,
    Intake,
    Retention,
)
from gateway.settings.fields import Section
from gateway.settings.recipients import Alerts, Recipient
from gateway.settings.rules import Rules, SiteRules
from gateway.settings.sinks import Backend, Influxdb
from gateway.settings.targets import Target

_OWN_SINKS = frozenset({"receipts", "commands"})

Sink = Influxdb | Backend | Recipient
SINK_TABLES: Final[tuple[str, ...]] = tuple(kind.KIND for kind in get_args(Sink))
"""The tables of the configuration that name sinks, several of each kind."""


class Settings(Section):
    """All tables of `gateway.toml`; everything has a default but the broker's url."""

    gateway: Gateway
    broker: Broker
    intake: Intake = Intake()
    fleet: Fleet = Fleet()
    rules: Rules = Rules()
    site_rules: tuple[SiteRules, ...] = ()
    targets: tuple[Target, ...] = ()
    influxdb: tuple[Influxdb, ...] = ()
    backend: tuple[Backend, ...] = ()
    alerts: Alerts = Alerts()
    recipients: tuple[Recipient, ...] = ()
    console: Console = Console()
    canary: Canary = Canary()
    retention: Retention = Retention()
    backup: Backup = Backup()

    @model_validator(mode="before")
    @classmethod
    def _gateway_has_defaults(cls, data: Any) -> Any:  # noqa: ANN401 -- raw input of any shape
        # Not a default of the field: its paths need the place of the file.
        return {"gateway": {}, **data} if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _sinks_have_names_of_their_own(self) -> Self:
        for name, times in Counter(sink.name for sink in self.sinks).items():
            if times > 1:
                raise ValueError(
                    f"two sinks are named {name!r}: cursors go by name, rename one"
                )
            if name in _OWN_SINKS:
                raise ValueError(
                    f"a sink cannot be named {name!r}: the gateway's own is"
                )
        return self

    @model_validator(mode="after")
    def _backups_lie_apart(self) -> Self:
        directory, data_dir = self.backup.directory, self.gateway.data_dir
        if directory is not None and directory.is_relative_to(data_dir):
            raise ValueError(
                "backup.directory must lie outside data_dir: who loses one loses both"
            )
        return self

    @model_validator(mode="after")
    def _canaries_have_a_role(self) -> Self:
        if self.canary.every_s and self.console.address is None:
            raise ValueError(
                "canary.every_s: the console's process presses: give [console] listen"
            )
        return self

    @model_validator(mode="after")
    def _sites_have_their_rules_together(self) -> Self:
        for site, times in Counter(one.site for one in self.site_rules).items():
            if times > 1:
                raise ValueError(
                    f"site_rules: {times} tables of the site {site!r}: make one of them"
                )
        return self

    @property
    def sinks(self) -> tuple[Sink, ...]:
        return tuple(sink for table in SINK_TABLES for sink in getattr(self, table))

    def all_rules(self) -> Iterator[tuple[str, Rules]]:
        """The gateway's rules and those of sites, with their keys."""
        yield "rules", self.rules
        for number, one in enumerate(self.site_rules):
            yield f"site_rules[{number}]", one

    def absent_tables(self) -> Iterator[str]:
        """Lines for tables and folders that are configured but not there (yet)."""
        places: list[tuple[str, Path]] = [
            (f"fleet.{name}_file", path) for name, path in self.fleet.tables()
        ]
        if self.fleet.profiles_dir is not None:
            places.append(("fleet.profiles_dir", self.fleet.profiles_dir))
        for key, rules in self.all_rules():
            if rules.calendar_file is not None:
                places.append((f"{key}.calendar_file", rules.calendar_file))
        for key, path in places:
            if not path.exists():
                yield f"{key}: {path} does not exist yet: nothing of it is applied"

    def unsigned_backends(self) -> Iterator[str]:
        """Lines for endpoints whose events anybody could forge."""
        for sink in self.backend:
            if not sink.signing_secrets:
                yield f"backend {sink.name}: no secret_file: requests are not signed"
        for one in self.recipients:
            if one.channel == "webhook" and not one.signing_secrets:
                yield f"recipient {one.name}: no secret_file: requests are not signed"
