"""A profile's tables of channels: where fields stand and how values are converted."""

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Final, Self

from pydantic import Field, PlainValidator, StringConstraints, model_validator

from device_protocol import wire
from device_protocol.profiles import ChannelMapping, ItemMapping
from device_protocol.profiles.names import fields_of
from device_protocol.topics import Channel
from gateway.settings.fields import Section

_LISTS: Final = frozenset(
    {"reasons", "attributions", "faults", "keys_pressed", "key_counts"}
)
_JOINED_MAX: Final = 4

# A step is any key of the sender's object; a dot leads into an object.
_is_place: Final = re.compile(r"[^.]+(\.[^.]+){0,7}").fullmatch


def _places(value: object) -> str | tuple[str, ...]:
    many = value if isinstance(value, list) else [value]
    if not 0 < len(many) <= _JOINED_MAX:
        raise ValueError(f"must be one name, or a list of at most {_JOINED_MAX}")
    names = tuple(map(_place, many))
    return names[0] if len(names) == 1 else names


def _place(value: object) -> str:
    if isinstance(value, str) and _is_place(value):
        return value
    raise ValueError(f"must be names like 'score' or 'data.score', not {value!r}")


def _constant(value: object) -> str | int | bool:
    if not isinstance(value, str | int):
        raise ValueError("must be a text, a whole number, true or false")  # noqa: TRY004 -- pydantic shows ValueErrors
    return value


Places = Annotated[str | tuple[str, ...], PlainValidator(_places)]
Constant = Annotated[str | int | bool, PlainValidator(_constant)]
Mark = Annotated[
    str, StringConstraints(strip_whitespace=False, min_length=1, max_length=8)
]


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a sentence about a name that is none."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(sorted(known))}"


class ItemTable(Section):
    code: str = "code"
    level: str = "level"


class ChannelTable(Section):
    """`[rating]` and the like; `[common]` is for every channel."""

    own_names: bool | None = None
    fields_: dict[str, Places] = Field({}, alias="fields")
    constants: dict[str, Constant] = Field({})
    values: dict[str, dict[str, Constant]] = Field({})
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    splits: dict[str, Mark] = Field({})
    item: ItemTable = ItemTable()

    @model_validator(mode="after")
    def _conversions_make_sense(self) -> Self:
        if "level" in self.values:
            raise ValueError("values.level: what means which level stands in [scale]")
        for name in self.splits:
            if name not in _LISTS:
                known = ", ".join(sorted(_LISTS))
                raise ValueError(f"splits.{name}: no list; lists are {known}")
        seen: dict[object, str] = {}
        for name, place in self.fields_.items():
            other = seen.setdefault(place, name)
            if other != name:
                raise ValueError(f"fields: {other} and {name} both stand at {place!r}")
        return self

    def expect_common(self) -> None:
        """Raises ValueError when it speaks of fields that not all channels have."""
        self._expect("common", wire.Common.__struct_fields__)

    def expect(self, channel: Channel) -> None:
        """Raises ValueError when it speaks of a field that the channel has not."""
        self._expect(channel.value, fields_of(channel))

    def _expect(self, table: str, known: Collection[str]) -> None:
        for key, name in self._names():
            if name not in known:
                raise ValueError(
                    f"{table}.{key}: no field {name!r}{nearest(name, known)}"
                )

    def _names(self) -> Iterator[tuple[str, str]]:
        named: tuple[tuple[str, Iterable[str]], ...] = (
            ("fields", self.fields_),
            ("constants", self.constants),
            ("values", self.values),
            ("texts", self.texts),
            ("numbers", self.numbers),
            ("splits", self.splits),
        )
        for key, names in named:
            for name in names:
                yield key, name

    def mapping(self, common: "ChannelTable") -> ChannelMapping:
        """Its own rules over those for all channels."""
        own_names = [one.own_names for one in (self, common)]
        return ChannelMapping(
            fields={**common.fields_, **self.fields_},
            own_names=next((own for own in own_names if own is not None), True),
            constants={**common.constants, **self.constants},
            values={**common.values, **self.values},
            texts=tuple(dict.fromkeys((*common.texts, *self.texts))),
            numbers=tuple(dict.fromkeys((*common.numbers, *self.numbers))),
            splits={**common.splits, **self.splits},
            item=ItemMapping(code=self.item.code, level=self.item.level),
        )
