"""Requests as an OpenAPI document allows them, and a few as it does not."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from hypothesis import strategies as st

Schema = Mapping[str, Any]

_DEPTH_MAX: Final = 4
_TEXT: Final = st.text(max_size=20)
_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)
    ),
    max_leaves=6,
)
_INSTANTS: Final = st.sampled_from(
    [
        "2026-11-21T12:00:00Z",
        "2026-11-21T20:00:00.5+08:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2026-11-21",
        "1e9",
    ]
)


_MORE: Final = {
    "level": st.integers(1, 5) | _JSON,
    "session_id": st.sampled_from(["A-hall", "B1"]) | _JSON,
    "comment": _TEXT | _JSON,
    "x": _JSON,
}
"""Fields that only the device protocol tells of."""


class Operation(NamedTuple):
    method: str
    path: str
    told: Schema

    @property
    def scopes(self) -> list[str]:
        """One of these is needed; none: nobody is asked for a token."""
        return [s for one in self.told.get("security", []) for s in one["token"]]


class Request(NamedTuple):
    """`body` is None, JSON, or text of another kind."""

    operation: Operation
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    body: object
    kind: str | None


def operations(contract: Schema) -> list[Operation]:
    return [
        Operation(method.upper(), path, told)
        for path, methods in contract["paths"].items()
        for method, told in methods.items()
    ]


def requests(
    contract: Schema, among: Sequence[Operation], names: Sequence[str]
) -> st.SearchStrategy[Request]:
    """One request of any of these operations; `names` are ids that exist."""
    schemas = Schemas(contract, names)
    return st.sampled_from(among).flatmap(schemas.request)


class Schemas:
    """Values by schema; what a schema does not tell is drawn from `names`."""

    def __init__(self, contract: Schema, names: Sequence[str]) -> None:
        self._components = contract["components"]["schemas"]
        self._name = st.sampled_from(names)

    def request(self, operation: Operation) -> st.SearchStrategy[Request]:
        given: dict[str, dict[str, st.SearchStrategy[Any]]] = {
            "path": {},
            "query": {},
            "header": {},
        }
        for one in operation.told.get("parameters", []):
            values = self.value(one["schema"]) | self._name.map(str)
            given[one["in"]][one["name"]] = values
        return st.builds(
            self._put_together,
            st.just(operation),
            st.fixed_dictionaries(given["path"]),
            st.fixed_dictionaries({}, optional=given["query"]),
            st.fixed_dictionaries(
                {}, optional={name: self._header() for name in given["header"]}
            ),
            self._body(operation.told.get("requestBody")),
        )

    def value(self, schema: Schema, depth: int = 0) -> st.SearchStrategy[Any]:
        """Mostly what the schema allows."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.value(self._components[name], depth + 1)
        if "anyOf" in schema:
            return st.one_of([self.value(one, depth + 1) for one in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "const" in schema:
            return st.just(schema["const"])
        made = getattr(self, f"_{schema.get('type', 'any')}")
        found: st.SearchStrategy[Any] = made(schema, depth)
        return found

    def _put_together(
        self,
        operation: Operation,
        path: dict[str, Any],
        query: dict[str, Any],
        headers: dict[str, str],
        body: tuple[object, str | None],
    ) -> Request:
        filled = operation.path
        for name, value in path.items():
            filled = filled.replace(f"{{{name}}}", _quoted(str(value)))
        texts = {name: str(value) for name, value in query.items() if value is not None}
        return Request(operation, filled, texts, headers, *body)

    def _header(self) -> st.SearchStrategy[str]:
        return st.sampled_from(["k-1", "k-2", "k" * 201, "12.0"])

    def _body(
        self, told: Schema | None
    ) -> st.SearchStrategy[tuple[object, str | None]]:
        if told is None:
            return st.just((None, None))
        ((kind, content),) = told["content"].items()
        if kind != "application/json":
            return self._sheet().map(lambda text: (text, kind))
        by_schema = self.value(content["schema"])
        bodies = st.one_of(by_schema, by_schema, by_schema, _JSON)
        return bodies.map(lambda body: (body, kind))

    def _sheet(self) -> st.SearchStrategy[str]:
        cell = (
            st.sampled_from(["", "active", "retired", '"', "2026-01-01"]) | self._name
        )
        line = st.lists(cell, min_size=1, max_size=4).map(",".join)
        header = st.sampled_from(["device_id,lifecycle,site", "device_id", "id", ""])
        return st.builds(
            lambda first, rest: "\n".join([first, *rest]),
            header,
            st.lists(line, max_size=4),
        )

    def _string(self, schema: Schema, _depth: int) -> st.SearchStrategy[str]:
        if schema.get("format") == "date-time":
            return _INSTANTS
        if "pattern" in schema:
            pattern: str = schema["pattern"]
            return st.from_regex(pattern, fullmatch=True) | self._name
        length = min(schema.get("maxLength", 12), 40)
        least = schema.get("minLength", 0)
        return self._name | _INSTANTS | st.text(min_size=least, max_size=length)

    def _integer(self, schema: Schema, _depth: int) -> st.SearchStrategy[int]:
        return st.integers(schema.get("minimum", -5), schema.get("maximum", 10))

    def _number(self, schema: Schema, _depth: int) -> st.SearchStrategy[float]:
        return st.floats(schema.get("minimum"), schema.get("maximum"))

    def _boolean(self, _schema: Schema, _depth: int) -> st.SearchStrategy[bool]:
        return st.booleans()

    def _null(self, _schema: Schema, _depth: int) -> st.SearchStrategy[None]:
        return st.none()

    def _any(self, _schema: Schema, _depth: int) -> st.SearchStrategy[Any]:
        return _JSON

    def _array(self, schema: Schema, depth: int) -> st.SearchStrategy[list[Any]]:
        if depth > _DEPTH_MAX:
            return st.just([])
        least = schema.get("minItems", 0)
        items = self.value(schema.get("items", {}), depth + 1)
        return st.lists(items, min_size=least, max_size=least + 2)

    def _object(self, schema: Schema, depth: int) -> st.SearchStrategy[dict[str, Any]]:
        properties = {
            name: self.value(one, depth + 1)
            for name, one in schema.get("properties", {}).items()
        }
        required = {name: properties[name] for name in schema.get("required", [])}
        optional = {name: properties[name] for name in properties.keys() - required}
        known = st.fixed_dictionaries(required, optional=dict(sorted(optional.items())))
        if not schema.get("additionalProperties"):
            return known
        more = st.fixed_dictionaries({}, optional=_MORE)
        return st.builds(lambda first, rest: rest | first, known, more)


def _quoted(text: str) -> str:
    """A path's part; what is empty or a dot would be another path."""
    return quote(text.encode("utf-8", "replace"), safe="") if text.strip(".") else "x"
