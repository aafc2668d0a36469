"""The daemon's own tables: gateway, intake, fleet, console, retention, backup."""

from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from fleet.canary import SITES_MAX
from gateway.settings.fields import ConfigPath, Name, Section

_PORT_MAX = 65_535


class Address(NamedTuple):
    host: str
    port: int


class Gateway(Section):
    id: Name = "evalgate"
    data_dir: ConfigPath = Field("data", validate_default=True)
    keyring_file: ConfigPath = Field("keyring", validate_default=True)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    stop_timeout_s: float = Field(20.0, ge=1, le=300)

    @field_validator("data_dir", mode="before")
    @classmethod
    def _is_a_folder_of_its_own(cls, value: object) -> object:
        if value == "":
            raise ValueError("is empty: name the folder that holds all data")
        return value

    @model_validator(mode="after")
    def _keys_lie_apart(self) -> Self:
        if self.keyring_file.is_relative_to(self.data_dir):
            raise ValueError(
                "keyring_file must lie outside data_dir: who copies one has not both"
            )
        return self


class Intake(Section):
    receive_max: int = Field(2000, ge=1, le=65_535)
    buffered_bytes_max: int = Field(33_554_432, ge=1_048_576, le=4_294_967_296)
    block_records_max: int = Field(500, ge=1, le=4096)  # the bits of a place
    block_delay_ms_max: int = Field(10, ge=0, le=1000)


SiteId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Model = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Firmware = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Fleet(Section):
    unknown_devices: Literal["hold", "approve", "refuse"] = "hold"
    devices_file: ConfigPath | None = None
    sites_file: ConfigPath | None = None
    departments_file: ConfigPath | None = None
    windows_file: ConfigPath | None = None
    employees_file: ConfigPath | None = None
    bindings_file: ConfigPath | None = None
    closures_file: ConfigPath | None = None
    profiles_dir: ConfigPath | None = None
    firmware_targets: dict[Model, Firmware] = Field(default={})

    def tables(self) -> Iterator[tuple[str, ConfigPath]]:
        """The tables that are configured: (name, path of the CSV file)."""
        for key in type(self).model_fields:
            path = getattr(self, key)
            if key.endswith("_file") and path is not None:
                yield key.removesuffix("_file"), path


def parse_listen(text: str) -> Address:
    """Raises ValueError unless `text` is HOST:PORT, an IPv6 host in brackets."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not (colon and bare and port.isdecimal() and int(port) <= _PORT_MAX):
        raise ValueError('must look like 127.0.0.1:8700 ("" switches it off)')
    return Address(bare, int(port))


def _listen(text: str) -> str:
    if text:
        parse_listen(text)
    return text


class Console(Section):
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8700"

    @property
    def address(self) -> Address | None:
        """Where to listen; None when switched off."""
        return parse_listen(self.listen) if self.listen else None


class Canary(Section):
    every_s: int = Field(0, ge=0, le=86_400)
    slow_s: float = Field(10.0, ge=0.1, le=3600)
    sites: Annotated[tuple[SiteId, ...], Field(max_length=SITES_MAX)] = ()


class Retention(Section):
    rating_days: int = Field(400, ge=1, le=36_500)
    personal_days: int = Field(30, ge=1, le=3650)
    journal_days: int = Field(30, ge=1, le=3650)
    owed_days: int = Field(30, ge=1, le=3650)
    owed_mib_max: int = Field(10_240, ge=1, le=1 << 30)

    @model_validator(mode="after")
    def _journal_holds_personal_data(self) -> Self:
        if self.journal_days > self.personal_days:
            raise ValueError(
                "journal_days must not exceed personal_days: the journal holds them too"
            )
        return self


def _or_none(text: object) -> object:
    return None if text == "" else text


class Backup(Section):
    directory: Annotated[ConfigPath | None, BeforeValidator(_or_none)] = None
    every_hours: int = Field(24, ge=1, le=720)
    keep: int = Field(14, ge=1, le=1000)
