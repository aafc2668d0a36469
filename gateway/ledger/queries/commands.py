"""Commands to terminals as readers see them, and the settings wanted of them."""

from typing import Final

import apsw
import msgspec

from device_protocol.profiles import Profile
from fleet.commands.catalogue import known_to
from fleet.commands.course import Command
from fleet.presence import Known
from fleet.twin import Twin, reported_by, state_of
from fleet.vitals import Vitals
from gateway.ledger.queries.organisation import of_site
from gateway.queries.asking import Page, Slice
from gateway.queries.commands import (
    CapabilitiesRow,
    CommandFilter,
    CommandRow,
    SettingsRow,
)
from gateway.reading.paging import Columns, Conditions, Listing, page

OPEN: Final = "open"
_COMMAND: Final = msgspec.json.Decoder(Command)
_TWIN: Final = msgspec.json.Decoder(Twin)
_KNOWN: Final = msgspec.json.Decoder(Known)
_VITALS: Final = msgspec.json.Decoder(Vitals)
_PROFILE: Final = msgspec.json.Decoder(Profile)
_SELECT: Final = """
SELECT c.no, d.site, c.data FROM command AS c JOIN device AS d ON d.no = c.device_no
"""
_SETTINGS: Final = """
SELECT d.presence, h.vitals, t.data, (SELECT value FROM state WHERE name = 'now_ms')
FROM device AS d
LEFT JOIN device_health AS h ON h.no = d.no
LEFT JOIN twin AS t ON t.device_no = d.no
WHERE d.device_id = ?
"""
_CAPABILITIES: Final = """
SELECT d.presence, (SELECT one.value FROM setting, json_each(setting.value) AS one
    WHERE setting.name = 'profiles' AND one.key = d.profile)
FROM device AS d WHERE d.device_id = ?
"""


def _build(row: Columns) -> CommandRow:
    return CommandRow(site=row[1], command=_COMMAND.decode(row[2]))


def listed(
    connection: apsw.Connection, wanted: CommandFilter, part: Slice
) -> Page[CommandRow]:
    """Commands, the newest first."""
    conditions = Conditions()
    conditions.where("d.device_id = ?", wanted.device)
    conditions.where("d.site = ?", wanted.site)
    conditions.where("c.name = ?", wanted.command)
    if wanted.state == OPEN:
        conditions.where("c.settled_ms IS NULL AND ?", 1)
    else:
        conditions.where("c.state = ?", wanted.state)
    conditions.where(of_site("d.site"), wanted.subtree)
    return page(
        connection, Listing(_SELECT, "command AS c", "c.no", _build), conditions, part
    )


def one(connection: apsw.Connection, command_id: str) -> CommandRow | None:
    for row in connection.execute(f"{_SELECT} WHERE c.command_id = ?", (command_id,)):
        return _build(row)
    return None


def settings(connection: apsw.Connection, device_id: str) -> SettingsRow | None:
    """None: there is no such device."""
    for presence, vitals, data, now_ms in connection.execute(_SETTINGS, (device_id,)):
        twin = _TWIN.decode(data) if data else None
        reported = reported_by(
            _KNOWN.decode(presence) if presence else Known(),
            _VITALS.decode(vitals) if vitals else None,
        )
        return SettingsRow(
            device_id=device_id,
            revision=None if twin is None else twin.revision,
            desired=None if twin is None else twin.desired,
            reported_revision=reported,
            state=state_of(twin, reported, now_ms),
            set_ms=None if twin is None else twin.at_ms,
            set_by=None if twin is None else twin.author,
        )
    return None


def capabilities(connection: apsw.Connection, device_id: str) -> CapabilitiesRow | None:
    """None: there is no such device."""
    for presence, profile in connection.execute(_CAPABILITIES, (device_id,)):
        told = _KNOWN.decode(presence).capabilities if presence else {}
        by_profile = _PROFILE.decode(profile).commands if profile else None
        known = known_to(told, by_profile)
        return CapabilitiesRow(
            device_id=device_id,
            commands=None if known is None else sorted(known),
            capabilities=told,
        )
    return None
