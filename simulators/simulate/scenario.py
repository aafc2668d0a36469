"""Scenarios: what a population does, written by people in TOML.

Shares are of terminals or of presses, 0…1; `…_per_hour` are means for one terminal.
"""

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

BUILT_IN: Final = Path(__file__).parents[1] / "scenarios"
TERMINALS_MAX: Final = 20_000
RATE_MAX: Final = 5_000.0

JunkReason = Literal[
    "bad_topic",
    "not_utf8",
    "not_json",
    "too_large",
    "too_deep",
    "schema",
    "unsupported_version",
    "identity_mismatch",
    "unknown_level",
    "beyond_horizon",
    "refused_device",
    "retired_device",
    "unknown_device",
    "empty_array",
]
NEEDS_REGISTRY: Final = frozenset({"retired_device", "unknown_device"})
JUNK_REASONS: Final[tuple[JunkReason, ...]] = get_args(JunkReason)

Share = Annotated[float, Field(ge=0, le=1)]
Mean = Annotated[float, Field(ge=0, le=3600)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Rate = Annotated[float, Field(ge=0, le=RATE_MAX)]


class ScenarioError(ValueError):
    """A scenario that cannot be used; each argument is a line that says what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("write the smaller number first")
    return value


class Levels(_Section):
    """Conformance levels: A keeps until the receipt, B until PUBACK, C nothing."""

    A: Share = 1.0
    B: Share = 0.0
    C: Share = 0.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not 0.999 <= self.A + self.B + self.C <= 1.001:  # noqa: PLR2004 - rounding
            raise ValueError("the shares A + B + C must make 1")
        return self


class Population(_Section):
    terminals: Annotated[int, Field(ge=1, le=TERMINALS_MAX)] = 100
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")] = "sim"
    levels: Levels = Levels()
    connect_per_s: Annotated[float, Field(gt=0, le=5_000)] = 500.0
    keep_alive_s: Annotated[int, Field(ge=10, le=3600)] = 300


class Stage(_Section):
    """`rate` ratings a second at the end of it, reached in a straight line."""

    duration_s: Seconds
    rate: Rate


class Day(_Section):
    """A day's shape over the rates: opening peak, lunch, closing.

    `time_factor` seconds of the day pass in one second of the run.
    """

    start_hour: Annotated[float, Field(ge=0, lt=24)] = 8.5
    time_factor: Annotated[float, Field(gt=0, le=3600)] = 60.0
    open_hour: Annotated[float, Field(ge=0, lt=24)] = 8.5
    close_hour: Annotated[float, Field(gt=0, le=24)] = 17.5
    opening_peak: Annotated[float, Field(ge=0, le=10)] = 2.0
    lunch: Annotated[float, Field(ge=0, le=10)] = 0.3
    closing: Annotated[float, Field(ge=0, le=10)] = 1.5
    closed: Annotated[float, Field(ge=0, le=10)] = 0.0


class Ratings(_Section):
    """What is pressed. Each terminal's share of levels 4 and 5 lies in `positive`."""

    positive: tuple[Share, Share] = (0.97, 0.9999)
    double_press: Share = 0.0
    practice: Share = 0.0
    as_text: Share = 0.01

    _order = field_validator("positive")(_rising)


class Clocks(_Section):
    """Shares of terminals whose clock is wrong; the others are right."""

    ahead: Share = 0.0
    behind: Share = 0.0
    wrong_zone: Share = 0.0
    never_set: Share = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.ahead + self.behind + self.wrong_zone + self.never_set > 1:
            raise ValueError("the shares of wrong clocks are more than 1 together")
        return self


class Faults(_Section):
    offline_per_hour: Mean = 0.0
    offline_s: tuple[Seconds, Seconds] = (10.0, 60.0)
    unclean_per_hour: Mean = 0.0
    resend: Share = 0.0
    resend_dup: Share = 0.5
    id_reuse: Share = 0.0
    seq_reset_per_hour: Mean = 0.0
    clones: Share = 0.0
    deaf: Share = 0.0
    junk: Share = 0.0
    junk_reasons: tuple[JunkReason, ...] = tuple(
        reason for reason in JUNK_REASONS if reason not in NEEDS_REGISTRY
    )
    slow: Share = 0.0
    slow_ms: tuple[Seconds, Seconds] = (200.0, 2000.0)

    _order = field_validator("offline_s", "slow_ms")(_rising)


class Channels(_Section):
    """Channels beside `rating` and `presence`; off until the gateway folds them."""

    heartbeat: bool = False
    heartbeat_s: Seconds = 60.0
    session: bool = False


class Scenario(_Section):
    about: str = ""
    population: Population = Population()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    day: Day | None = None
    ratings: Ratings = Ratings()
    clocks: Clocks = Clocks()
    faults: Faults = Faults()
    channels: Channels = Channels()

    @property
    def duration_s(self) -> float:
        return sum(stage.duration_s for stage in self.stages)

    @property
    def presses_max(self) -> int:
        """No more ratings than this are to be expected, the day's shape aside."""
        peak = max(stage.rate for stage in self.stages)
        return int(peak * self.duration_s * 1.1) + 1


def built_in() -> dict[str, Scenario]:
    """The scenarios that come with the program, by name."""
    paths = sorted(BUILT_IN.glob("*.toml"))
    return {path.stem: read(path) for path in paths}


def find(name: str) -> Scenario:
    """A built-in scenario by its name, or one of a file.

    Raises:
        ScenarioError: there is none, or it cannot be used.

    """
    if not name.endswith(".toml") and "/" not in name:
        path = BUILT_IN / f"{name}.toml"
        if not path.exists():
            known = [path.stem for path in sorted(BUILT_IN.glob("*.toml"))]
            near = difflib.get_close_matches(name, known, 1) or known
            raise ScenarioError(
                f"no scenario {name!r}: take {' or '.join(near)}, "
                "or give the path of a file (./mine.toml)"
            )
        return read(path)
    return read(Path(name))


def read(path: Path) -> Scenario:
    """The scenario in a file.

    Raises:
        ScenarioError: as `find`.

    """
    try:
        with path.open("rb") as file:
            written = tomllib.load(file)
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror}; give another path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not TOML: {error}") from None
    try:
        return Scenario.model_validate(written)
    except ValidationError as error:
        raise ScenarioError(*(f"{path}: {line}" for line in _lines(error))) from None


def _lines(error: ValidationError) -> Iterator[str]:
    for found in error.errors():
        where = ".".join(str(part) for part in found["loc"]) or "the file"
        if found["type"] == "extra_forbidden":
            yield f"{where}: no such key{_nearest(found['loc'])}"
        elif found["type"] == "missing":
            yield f"{where}: is missing; add it"
        else:
            yield f"{where}: {found['msg'].removeprefix('Value error, ')}"


def _nearest(place: tuple[int | str, ...]) -> str:
    """Which key of the same section may be meant."""
    model: type[BaseModel] = Scenario
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        options = (
            [] if field is None else [field.annotation, *get_args(field.annotation)]
        )
        inner = [one for one in options if isinstance(one, type)]
        model = next((one for one in inner if issubclass(one, BaseModel)), model)
    near = difflib.get_close_matches(str(place[-1]), model.model_fields, 1)
    return (
        f"; is {near[0]!r} meant?"
        if near
        else f"; there are {', '.join(model.model_fields)}"
    )
