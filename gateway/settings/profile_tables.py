"""The tables of a profile's file, but for those of channels."""

import unicodedata
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from device_protocol.limits import KEY_MAX
from device_protocol.profiles import Inspection, KeyMap, Limits, Scale, TimeFormat
from device_protocol.profiles.model import CHARSETS, FULL_SCALE
from device_protocol.profiles.times import check_format
from device_protocol.timestamps import instant_ms
from gateway.settings.fields import Section
from gateway.settings.profile_channels import nearest

_OTHER_NAMES: Final = {
    "utf8": "utf-8",
    "gb-18030": "gb18030",
    "gb2312": "gb18030",  # a part of it
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "euc-kr": "euc_kr",
    "shift-jis": "shift_jis",
    "sjis": "shift_jis",
}
_OFFSET: Final = r"^(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Level = Annotated[int, Field(ge=1, le=5, strict=True)]
Scored = Annotated[int, Field(ge=1, le=5)]  # a key: TOML has them as text
Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def known_charset(name: str) -> str:
    charset = _OTHER_NAMES.get(name.lower(), name.lower())
    if charset not in CHARSETS:
        raise ValueError(f"no character set {name!r}{nearest(name, CHARSETS)}")
    return charset


def _usable_format(pattern: str) -> str:
    check_format(pattern)
    return pattern


class TimeTable(Section):
    formats: tuple[Annotated[str, AfterValidator(_usable_format)], ...] = ()
    epoch: Literal["s", "ms"] | None = None
    zone: Annotated[str, StringConstraints(pattern=_OFFSET)] | None = None

    def form(self) -> TimeFormat:
        return TimeFormat(
            formats=self.formats, epoch=self.epoch, offset_min=self._offset_min()
        )

    def _offset_min(self) -> int | None:
        if self.zone is None or self.zone == "Z":
            return None if self.zone is None else 0
        hours, minutes = int(self.zone[1:3]), int(self.zone[4:])
        offset = timedelta(hours=hours, minutes=minutes) // timedelta(minutes=1)
        return -offset if self.zone[0] == "-" else offset


class ScaleTable(Section):
    name: Annotated[str, StringConstraints(pattern=_NAME)] | None = None
    labels: dict[Label, Level] = Field(min_length=1, max_length=64)
    scores: dict[Scored, float] = Field({})

    @field_validator("labels")
    @classmethod
    def _labels_are_narrow(cls, labels: dict[str, int]) -> dict[str, int]:
        """As they are compared: without space around, in narrow characters."""
        found: dict[str, int] = {}
        for label, level in labels.items():
            narrow = unicodedata.normalize("NFKC", label.strip())
            if found.setdefault(narrow, level) != level:
                raise ValueError(f"{narrow!r} means two levels: keep one")
        return found

    @model_validator(mode="after")
    def _every_level_has_a_score(self) -> Self:
        levels = set(self.labels.values())
        if self.scores and set(self.scores) != levels:
            listed = ", ".join(map(str, sorted(levels, reverse=True)))
            raise ValueError(f"scores must give one value to each level of {listed}")
        if self.scores and self._name == FULL_SCALE:
            raise ValueError(
                "scores of its own need a name of its own, such as name = '5-maker': "
                "those of the scale 5 stand in [rules] score_map"
            )
        return self

    @property
    def _name(self) -> str:
        return self.name or str(len(set(self.labels.values())))

    def scale(self) -> Scale:
        return Scale(
            name=self._name,
            labels=self.labels,
            scores={str(level): score for level, score in self.scores.items()},
        )


class KeyMapTable(Section):
    revision: int = Field(ge=1)
    since: AwareDatetime | None = Field(None, alias="from")
    levels: dict[str, Level] = Field(min_length=1, max_length=KEY_MAX + 1)

    @field_validator("levels")
    @classmethod
    def _keys_exist(cls, levels: dict[str, int]) -> dict[str, int]:
        for key in levels:
            if not key.isdecimal() or int(key) > KEY_MAX:
                raise ValueError(f"key {key}: keys are 0 to {KEY_MAX}")
        found = {str(int(key)): level for key, level in levels.items()}
        if len(found) < len(levels):
            raise ValueError("a key stands there twice: keep one")
        return found

    def key_map(self) -> KeyMap:
        since = self.since
        return KeyMap(
            revision=self.revision,
            levels=self.levels,
            from_ms=None if since is None else instant_ms(since),
        )


class LimitsTable(Section):
    burst_elements: int = Field(20_000, ge=1, le=1_000_000)
    refill_per_s: float = Field(20.0, gt=0, le=10_000)
    deferred_max: int = Field(200_000, ge=0, le=1_000_000)

    def limits(self) -> Limits:
        return Limits(**self.model_dump())


class InspectionTable(Section):
    every_days: int | None = Field(None, ge=1, le=3650)
    every_presses: int | None = Field(None, ge=1, le=100_000_000)
    day_unit: Literal["natural", "working"] = "natural"
    due_from: Literal["completion", "grid"] = "completion"
    grace_days: int = Field(0, ge=0, le=365)
    remind_before_days: int = Field(0, ge=0, le=365)
    on_overdue: Literal["warn", "degrade"] = "warn"
    checklist: tuple[Label, ...] = Field((), max_length=64)

    @model_validator(mode="after")
    def _has_an_interval(self) -> Self:
        if self.every_days is None and self.every_presses is None:
            raise ValueError("give every_days or every_presses: when is it due?")
        return self

    def plan(self) -> Inspection:
        return Inspection(**self.model_dump())
