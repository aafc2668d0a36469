"""Rows of the organisation's tables, as they are sent and told: what is absent is null.

The columns are those of `fleet.tables.COLUMNS`; a test compares them.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

_Key = Annotated[str, Field(min_length=1, max_length=64)]
_Cell = Annotated[str | None, Field(max_length=500)]
_Moment = Annotated[
    str | None, Field(max_length=64, description="A date, or an RFC 3339 time")
]


class OrganisationRow(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True
    )


class Site(OrganisationRow):
    """`parent` is the site above it, in a tree of eight levels at most."""

    id: _Key
    name: _Cell = None
    parent: _Cell = None
    time_zone: _Cell = None
    hours: _Cell = None
    calendar: _Cell = None


class Department(OrganisationRow):
    id: _Key
    name: _Cell = None
    site: _Cell = None


class Window(OrganisationRow):
    id: _Key
    name: _Cell = None
    site: _Cell = None
    department: _Cell = None


class Employee(OrganisationRow):
    id: _Key
    pseudonym: _Cell = None
    valid_from: _Moment = None
    valid_to: _Moment = None


class Binding(OrganisationRow):
    """Which device stands at which window, and who serves there, from when to when."""

    device_id: _Key
    window: _Cell = None
    employee: _Cell = None
    from_: _Key = Field(alias="from")
    to: _Moment = None


class Closure(OrganisationRow):
    """A site and those below it are closed once, from when to when."""

    site: _Key
    from_: _Key = Field(alias="from")
    to: _Moment = None
    reason: _Cell = None


TABLES: Final[dict[str, type[OrganisationRow]]] = {
    "sites": Site,
    "departments": Department,
    "windows": Window,
    "employees": Employee,
    "bindings": Binding,
    "closures": Closure,
}
