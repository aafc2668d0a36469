"""[[targets]]: figures that are to be at least so high."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gateway.settings.fields import Section

if TYPE_CHECKING:
    from gateway.ratings import targets

_Value = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Target(Section):
    """Below `at_least` at the end of a `period` the event figure.below_target tells."""

    figure: str = "satisfaction_rate"
    at_least: Annotated[Decimal, Field(ge=-1_000_000, le=1_000_000, max_digits=12)]
    period: Literal["day", "week", "month"] = "month"
    scope: dict[str, _Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_set(self) -> Self:
        self.target()
        return self

    def target(self) -> "targets.Target":
        """As the rules know it; ValueError when they cannot look at such a one."""
        from gateway.ratings import targets  # noqa: PLC0415 -- 1 MB for who sets some

        wanted = targets.Target(
            figure=self.figure,
            at_least=self.at_least,
            period=self.period,
            scope=self.scope,
        )
        error = targets.target_error(wanted)
        if error is not None:
            raise ValueError(error)
        return wanted
