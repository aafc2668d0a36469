"""Device profiles: one TOML file each, validated whole before any is in force."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from device_protocol.profiles import Profile
from device_protocol.topics import UPLINK, Channel
from device_protocol.wire_downlink import NAME_PATTERN
from gateway.settings.fields import Section
from gateway.settings.problems import SettingsError, settings_error
from gateway.settings.profile_channels import ChannelTable
from gateway.settings.profile_tables import (
    InspectionTable,
    KeyMapTable,
    LimitsTable,
    ScaleTable,
    TimeTable,
    known_charset,
)

PROFILES_MAX: Final = 200
PROFILE_BYTES_MAX: Final = 256 * 1024


CommandName = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class ProfileTable(Section):
    """A profile as its file has it."""

    description: Annotated[str, StringConstraints(max_length=500)] = ""
    revision: int = Field(1, ge=1)
    charset: Annotated[str, AfterValidator(known_charset)] = "utf-8"
    event_ids: Literal["sent", "boot_seq", "content"] = "sent"
    heartbeat_interval_s: int = Field(60, ge=10, le=86_400)
    reporting: Literal["realtime", "batch"] = "realtime"
    session_mode: Literal["required", "implicit", "none"] | None = None
    time: TimeTable = TimeTable()
    scale: ScaleTable | None = None
    key_maps: tuple[KeyMapTable, ...] = Field((), max_length=100)
    common: ChannelTable = ChannelTable()
    rating: ChannelTable | None = None
    session: ChannelTable | None = None
    complaint: ChannelTable | None = None
    heartbeat: ChannelTable | None = None
    presence: ChannelTable | None = None
    selftest: ChannelTable | None = None
    reply: ChannelTable | None = None
    limits: LimitsTable = LimitsTable()
    inspection: InspectionTable | None = None
    commands: Annotated[tuple[CommandName, ...], Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _key_maps_follow_each_other(self) -> Self:
        for before, after in zip(self.key_maps, self.key_maps[1:], strict=False):
            where = f"key_maps: revision {after.revision}"
            if after.revision <= before.revision:
                raise ValueError(f"{where} must be above {before.revision}")
            if after.since is None:
                raise ValueError(f"{where} must say from when it holds: add from")
            if before.since is not None and after.since <= before.since:
                raise ValueError(f"{where} must hold from later than the one before")
        return self

    @model_validator(mode="after")
    def _keys_are_on_the_scale(self) -> Self:
        if self.scale is None:
            return self
        levels = set(self.scale.labels.values())
        for one in self.key_maps:
            for key, level in one.levels.items():
                if level not in levels:
                    raise ValueError(
                        f"key_maps: revision {one.revision}, key {key}: "
                        f"the scale has no level {level}"
                    )
        return self

    @model_validator(mode="after")
    def _fields_are_of_the_protocol(self) -> Self:
        self.common.expect_common()
        for channel in UPLINK:
            table = self._table(channel)
            if table is not None:
                table.expect(channel)
        return self

    def _table(self, channel: Channel) -> ChannelTable | None:
        table: ChannelTable | None = getattr(self, channel.value)
        return table

    def profile(self) -> Profile:
        """The profile as records carry it."""
        tables = {channel: self._table(channel) for channel in UPLINK}
        return Profile(
            revision=self.revision,
            description=self.description,
            charset=self.charset,
            event_ids=self.event_ids,
            channels={
                channel.value: (table or ChannelTable()).mapping(self.common)
                for channel, table in tables.items()
                if table is not None or self.common != ChannelTable()
            },
            time=self.time.form(),
            scale=None if self.scale is None else self.scale.scale(),
            key_maps=tuple(one.key_map() for one in self.key_maps),
            heartbeat_interval_s=self.heartbeat_interval_s,
            reporting=self.reporting,
            session_mode=self.session_mode,
            limits=self.limits.limits(),
            inspection=None if self.inspection is None else self.inspection.plan(),
            commands=self.commands,
        )


def load_profiles(folder: Path) -> dict[str, Profile]:
    """The profiles in the folder, by the names of their files.

    Raises:
        SettingsError: one line a fault, with the file and the key.
    """
    paths = sorted(folder.glob("*.toml"))
    if len(paths) > PROFILES_MAX:
        raise SettingsError(f"{folder}: more than {PROFILES_MAX} profiles")
    profiles: dict[str, Profile] = {}
    problems: list[str] = []
    for path in paths:
        try:
            profiles[path.stem] = load_profile(path)
        except SettingsError as error:
            problems.extend(f"{path}: {problem}" for problem in error.problems)
    if problems or (problems := list(_other_scores(folder, profiles))):
        raise SettingsError(*problems)
    return profiles


def _other_scores(folder: Path, profiles: dict[str, Profile]) -> Iterator[str]:
    """Points carry the name of their scale: its levels count the same everywhere."""
    seen: dict[str, tuple[str, dict[str, float]]] = {}
    for name, profile in profiles.items():
        scale = profile.scale
        if scale is None:
            continue
        first, scores = seen.setdefault(scale.name, (name, scale.scores))
        if scores != scale.scores:
            yield (
                f"{folder / name}.toml: scale.scores: {first}.toml has others for the "
                f"scale {scale.name!r}: give one of them another name"
            )


def load_profile(path: Path) -> Profile:
    """Raises SettingsError: one line a fault, without the file's name."""
    try:
        if path.stat().st_size > PROFILE_BYTES_MAX:
            raise SettingsError(f"larger than {PROFILE_BYTES_MAX} bytes")
        table = tomllib.loads(path.read_text("utf-8"))
        return ProfileTable.model_validate(table).profile()
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"byte {error.start} is not UTF-8: a profile is UTF-8, "
            "whatever charset it is about"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not TOML: {error}") from error
    except ValidationError as error:
        raise settings_error(ProfileTable, error) from error
