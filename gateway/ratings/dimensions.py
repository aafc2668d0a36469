"""What figures are grouped by: names, the key of a group, and who is in it.

Source: rating rules, "Figures"; the names are those of the API.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from gateway.ratings.periods import Moment, name_of

PLACES: Final = (
    "site",
    "department",
    "window",
    "employee",
    "device",
    "service",
    "medium",
)
MEDIA: Final = (
    "terminal",
    "qr",
    "web",
    "sms",
    "phone",
    "email",
    "social",
    "staff",
)
"""What a rating comes by: each is a tag's value, so there are no others."""
PARTS: Final = ("item", "reason")
TIMES: Final = ("hour", "weekday", "day", "week", "month", "quarter", "year")
DIMENSIONS: Final = (*PLACES, *PARTS, *TIMES)
GROUPED_BY_MAX: Final = 2
Value = str | int | None


class Where(NamedTuple):
    """To what a rating or a session counts; `employees` each get it in full."""

    site: str | None = None
    department: str | None = None
    window: str | None = None
    employees: tuple[str, ...] = ()
    device: str | None = None
    service: str | None = None
    medium: str | None = None


def grouping_error(names: Sequence[str]) -> str | None:
    """Why figures cannot be grouped so, in one line; None: they can."""
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown:
        return f"group_by: {unknown[0]!r} is none of {', '.join(DIMENSIONS)}"
    if len(names) > GROUPED_BY_MAX:
        return f"group_by: at most {GROUPED_BY_MAX} of {', '.join(names)}"
    if len(set(names)) < len(names):
        return f"group_by: {names[0]!r} is named twice"
    if set(names) >= set(PARTS):
        return "group_by: item and reason cannot be combined"
    return None


def groups(
    names: Sequence[str], where: Where, moment: Moment
) -> Iterator[dict[str, Value]]:
    """The keys of the groups that a rating counts in; item and reason are not here.

    Only shared credit makes it more than one, and only among employees: any other
    group counts it once.
    """
    for values in product(*(_values(name, where, moment) for name in names)):
        yield dict(zip(names, values, strict=True))


def in_order(values: Iterable[Value]) -> tuple[tuple[bool, str], ...]:
    """Sorts groups: by their values, those without one last."""
    return tuple([(value is None, str(value)) for value in values])


def _values(name: str, where: Where, moment: Moment) -> Sequence[Value]:
    if name in TIMES:
        return (name_of(name, moment),)
    if name == "employee":
        return where.employees or (None,)
    value: str | None = getattr(where, name)
    return (value,)
