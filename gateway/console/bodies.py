"""Bodies that hold one item, an array of them, or `items` as a list tells them.

What is wrong is told of the form that was sent, not of all that could have been.
"""

from functools import cache
from typing import Annotated, Any, Final

from fastapi import Body
from pydantic import BaseModel, Discriminator, Field, Tag, create_model

from gateway.console.requests import Strict

_ONE: Final = "item"
_ARRAY: Final = "array"
_LISTED: Final = "items"


def _form(body: object) -> str:
    if isinstance(body, list):
        return _ARRAY
    return _LISTED if isinstance(body, dict) and set(body) == {_LISTED} else _ONE


@cache
def one_or_several(model: type[BaseModel], most: int, least: int = 1) -> Any:  # noqa: ANN401 -- a type made here
    """The annotation of such a body; `given` reads it."""
    many: Any = Annotated[list[model], Field(min_length=least, max_length=most)]  # type: ignore[valid-type]  # made for each model
    listed: Any = create_model(f"{model.__name__}Rows", __base__=Strict, items=many)
    one: Any = Annotated[model, Tag(_ONE)]
    return Annotated[
        one | Annotated[listed, Tag(_LISTED)] | Annotated[many, Tag(_ARRAY)],
        Discriminator(_form),
        Body(),
    ]


def given(body: Any) -> list[Any]:  # noqa: ANN401 -- as `one_or_several` made it
    """The items, in whichever form they came."""
    if isinstance(body, list):
        return body
    return list(getattr(body, _LISTED, [body]))
