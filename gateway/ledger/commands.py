"""Commands to terminals, and the settings wanted of them."""

from typing import Final

import msgspec

from fleet.commands.course import KEPT_MAX, Command
from fleet.twin import Twin
from gateway.ledger.store import Store

_COMMAND: Final = msgspec.json.Decoder(Command)
_TWIN: Final = msgspec.json.Decoder(Twin)


class CommandBooks:
    """The tables `command` and `twin`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(self) -> dict[int, dict[str, Command]]:
        """What has no outcome yet, by the number of its device and its own id."""
        found: dict[int, dict[str, Command]] = {}
        for device_no, data in self._store.all(
            "SELECT device_no, data FROM command WHERE settled_ms IS NULL ORDER BY no"
        ):
            command = _COMMAND.decode(data)
            found.setdefault(device_no, {})[command.command_id] = command
        return found

    def find(self, device_no: int, command_id: str) -> Command | None:
        """A command of a device, whatever became of it."""
        row = self._store.one(
            "SELECT data FROM command WHERE command_id = ? AND device_no = ?",
            (command_id, device_no),
        )
        return None if row is None else _COMMAND.decode(row[0])

    def last(self, device_no: int, name: str) -> Command | None:
        """The newest command of this name that a device was given."""
        row = self._store.one(
            "SELECT data FROM command WHERE device_no = ? AND name = ?"
            " ORDER BY no DESC LIMIT 1",
            (device_no, name),
        )
        return None if row is None else _COMMAND.decode(row[0])

    def add(self, device_no: int, command: Command) -> None:
        """Keep a new command; of those with an outcome the oldest may go."""
        self._store.run(
            "INSERT INTO command (command_id, device_no, name, state, settled_ms, data)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                command.command_id,
                device_no,
                command.name,
                command.state,
                command.settled_ms,
                _json(command),
            ),
        )
        self._store.run(
            "DELETE FROM command WHERE no IN (SELECT no FROM command"
            " WHERE device_no = ? AND settled_ms IS NOT NULL"
            " ORDER BY no DESC LIMIT -1 OFFSET ?)",
            (device_no, KEPT_MAX),
        )

    def save(self, command: Command) -> None:
        self._store.run(
            "UPDATE command SET state = ?, settled_ms = ?, data = ?"
            " WHERE command_id = ?",
            (command.state, command.settled_ms, _json(command), command.command_id),
        )

    def twins(self) -> dict[int, Twin]:
        """The settings wanted of devices, by their numbers."""
        rows = self._store.all("SELECT device_no, data FROM twin")
        return {device_no: _TWIN.decode(data) for device_no, data in rows}

    def save_twin(self, device_no: int, twin: Twin) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO twin VALUES (?, ?, ?)",
            (device_no, twin.revision, _json(twin)),
        )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
