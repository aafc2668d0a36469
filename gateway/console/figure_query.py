"""How figures are asked for: query parameters of `/statistics` and of reports."""

import json
from fractions import Fraction
from typing import Annotated, Any, Final, Self

from fastapi import Query
from pydantic import Field, field_validator, model_validator

from gateway.console.instants import Rfc3339, milliseconds
from gateway.console.requests import LIMIT_MAX, Strict, Text
from gateway.queries.counts import CountFilter
from gateway.ratings.dimensions import DIMENSIONS, grouping_error
from gateway.ratings.figures import Asked
from gateway.ratings.periods import NAMES
from gateway.ratings.scoring import LEVELS, WHOLE, ScoreMaps, score_map
from gateway.rules import Rules

_SCORE_MAX: Final = 1_000_000_000
_DIGITS_MAX: Final = 20


class FigureQuery(Strict):
    """Which ratings: half-open on the moment that they count on."""

    from_: Rfc3339 | None = Field(None, alias="from")
    to: Rfc3339 | None = None
    site: Text | None = None
    department: Text | None = None
    window: Text | None = None
    employee: Text | None = None
    device: Text | None = None
    service: Text | None = None
    medium: Text | None = None
    item: Text | None = None
    reason: Text | None = None
    include_flagged: bool = Field(
        default=False, description="With what excluding flags keep out."
    )
    satisfied_levels: Annotated[
        list[str] | None, Query(description="Such as 5,4,3; else as the rules say.")
    ] = None
    score_map: Annotated[
        str | None,
        Field(
            max_length=200,
            description="Scores by level, 5:100,4:80,3:60,2:30,1:0, or of the levels"
            " 5 to 1 in this order, 100,80,60,30,0, for ratings of all scales; else as"
            " the scale of each rating says, or the rules.",
        ),
    ] = None
    min_n: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="Below so many ratings no score."),
    ] = None

    @field_validator("satisfied_levels")
    @classmethod
    def _levels(cls, given: list[str] | None) -> list[str] | None:
        if given is None:
            return None
        names = _listed(given)
        if not names or any(name not in map(str, LEVELS) for name in names):
            raise ValueError("say which of the levels 5,4,3,2,1")
        return names

    @field_validator("score_map")
    @classmethod
    def _scores(cls, given: str | None) -> str | None:
        if given is not None:
            _read_scores(given)
        return given

    @model_validator(mode="after")
    def _one_part(self) -> Self:
        if self.item is not None and self.reason is not None:
            raise ValueError("item and reason cannot be combined")
        return self

    def asked(self, rules: Rules, scales: ScoreMaps) -> Asked:
        """How the figures are to be worked out; a map that was given is of all."""
        levels = tuple(map(int, self.satisfied_levels or ())) or rules.satisfied_levels
        scores = self.score_map
        by_rule = {int(level): score for level, score in rules.score_map.items()}
        return Asked(
            satisfied_levels=levels,
            scores=score_map(by_rule) if scores is None else _read_scores(scores),
            scales=self.apart(scales),
            include_flagged=self.include_flagged,
            min_n=self.min_n or rules.min_n,
        )

    def apart(self, scales: ScoreMaps) -> ScoreMaps:
        """The scales whose own scores count here."""
        return scales if self.score_map is None else {}

    def wanted(
        self, subtree: str | None, group_by: tuple[str, ...], scales: ScoreMaps
    ) -> CountFilter:
        return CountFilter(
            subtree=subtree,
            group_by=group_by,
            from_ms=milliseconds(self.from_),
            to_ms=milliseconds(self.to),
            site=self.site,
            department=self.department,
            window=self.window,
            employee=self.employee,
            device=self.device,
            service=self.service,
            medium=self.medium,
            item=self.item,
            reason=self.reason,
            scales=tuple(self.apart(scales)),
        )


class GroupQuery(FigureQuery):
    """A page of groups."""

    group_by: Annotated[
        list[str],
        Query(
            default_factory=list,
            description=f"Up to two of {', '.join(DIMENSIONS)}; comma between.",
        ),
    ]
    limit: int = Field(LIMIT_MAX, ge=1, le=LIMIT_MAX)
    cursor: Annotated[str, Field(max_length=1_000)] | None = None

    @field_validator("group_by")
    @classmethod
    def _groups(cls, given: list[str]) -> list[str]:
        names = _listed(given)
        error = grouping_error(names)
        if error is not None:
            raise ValueError(error)
        return names


class StatisticsQuery(GroupQuery):
    previous_days: int | None = Field(
        None,
        ge=1,
        le=366,
        description="Compare with the same hours so many days earlier, such as 7.",
    )

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if self.previous_days is not None:
            if self.from_ is None or self.to is None:
                raise ValueError("previous_days needs from and to")
            if any(name in NAMES for name in self.group_by):
                names = ", ".join(NAMES)
                raise ValueError(f"previous_days does not go with group_by {names}")
        return self

    @model_validator(mode="after")
    def _one_kind_of_part(self) -> Self:
        crossed = {"item": self.reason, "reason": self.item}
        if any(crossed.get(name) is not None for name in self.group_by):
            raise ValueError("item and reason cannot be combined")
        return self


class CompositeQuery(GroupQuery):
    weights: Annotated[
        str,
        Field(
            max_length=1_000,
            description="Items and weights, which add up to 100: speed:60,calm:40",
        ),
    ]
    renormalise: bool = Field(
        default=False, description="Scale up the other weights where an item is absent."
    )

    @field_validator("weights")
    @classmethod
    def _weights(cls, given: str) -> str:
        _read_weights(given)
        return given

    @model_validator(mode="after")
    def _whole_ratings(self) -> Self:
        if self.item or self.reason or {"item", "reason"} & set(self.group_by):
            raise ValueError("a composite is of items: no item or reason beside it")
        return self

    @property
    def weighed(self) -> dict[str, Fraction]:
        """The weight of each item, in the order in which they were named."""
        return _read_weights(self.weights)


def _listed(given: list[str]) -> list[str]:
    """Names between commas, or one a parameter."""
    return [name.strip() for text in given for name in text.split(",") if name.strip()]


def _read_scores(text: str) -> dict[int, Fraction]:
    """A score map as it was written.

    Raises:
        ValueError: it is none; the message says how one is written.
    """
    try:
        pairs = _pairs(text.strip())
        scores = score_map({int(level): score for level, score in pairs.items()})
    except (ValueError, ZeroDivisionError, TypeError):
        scores = {}
    if not scores or any(
        level not in LEVELS or abs(score) > _SCORE_MAX
        for level, score in scores.items()
    ):
        raise ValueError("write score_map as 5:100,4:80,3:60,2:30,1:0")
    return scores


def _read_weights(text: str) -> dict[str, Fraction]:
    """Weights by item, above 0, which add up to 100.

    Raises:
        ValueError: they do not, or are written in another way.
    """
    pairs = [name.rpartition(":") for name in text.split(",")]
    names = [name.strip() for name, _, _ in pairs]
    try:
        weights = [Fraction(_short(one.strip())) for _, _, one in pairs]
    except (ValueError, ZeroDivisionError):
        weights = []
    if len(set(names)) < len(pairs) or not all(names) or min(weights, default=0) <= 0:
        raise ValueError("write weights as speed:60,calm:40, each item once")
    if sum(weights) != WHOLE:
        raise ValueError("weights add up to 100")
    return dict(zip(names, weights, strict=True))


def _pairs(text: str) -> dict[str, Any]:
    """Scores by level, as texts."""
    if text.startswith("{"):
        written = dict(json.loads(text, parse_float=_short, parse_int=_short))
        return {level: _short(str(score)) for level, score in written.items()}
    names = text.replace("/", ",").split(",")
    if ":" in text:
        pairs = [name.split(":") for name in names]
        return {level.strip(): _short(score.strip()) for level, score in pairs}
    if len(names) != len(LEVELS):
        raise ValueError(text)
    levels = map(str, reversed(LEVELS))
    return {
        level: _short(name.strip()) for level, name in zip(levels, names, strict=True)
    }


def _short(number: str) -> str:
    """A decimal number as written; one like 1e999999 would fill the memory."""
    if len(number) > _DIGITS_MAX or set(number) - set("0123456789.-"):
        raise ValueError(number)
    return number
