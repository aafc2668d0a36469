"""Pieces of JSON Schema that the schemas of events are put together from."""

from collections.abc import Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final = {"type": "string"}
TEXT_OR_NULL: Final = {"type": ["string", "null"]}
TIME: Final = {"type": "string", "format": "date-time"}
COUNT: Final = {"type": "integer", "minimum": 0}


def an_object(
    required: Schema, optional: Schema, *, exact: bool = False
) -> dict[str, Any]:
    """An object; unless it is `exact`, receivers must bear fields of later versions."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": not exact,
    }
