"""Topic names and filters: what is valid, and which filter takes which name."""

import re
from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

_BYTES_MAX: Final = 65_535
_LEVELS_MAX: Final = 200
_SHARED: Final = "$share/"

Owner = TypeVar("Owner", bound=Hashable)
Value = TypeVar("Value")


def is_name(text: str) -> bool:
    """Whether something can be published under it."""
    return _is_text(text) and "+" not in text and "#" not in text


def is_filter(text: str) -> bool:
    """Whether it can be subscribed to: wildcards stand alone in their level."""
    levels = text.split("/")
    return (
        _is_text(text)
        and "#" not in "".join(levels[:-1])
        and all(level in ("+", "#") or not {"+", "#"} & set(level) for level in levels)
    )


def is_shared(text: str) -> bool:
    return text.startswith(_SHARED)


def is_literal(text: str) -> bool:
    return "+" not in text and "#" not in text


def _is_text(text: str) -> bool:
    return (
        bool(text)
        and "\0" not in text
        and len(text.encode()) <= _BYTES_MAX
        and text.count("/") < _LEVELS_MAX
    )


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a filter to an expression over whole topic names."""
    levels = ["[^/]*" if it == "+" else re.escape(it) for it in pattern.split("/")]
    text = "/".join(levels)
    if pattern == "#":
        text = ".*"
    elif pattern.endswith("/#"):
        text = "/".join(levels[:-1]) + "(?:/.*)?"
    # A wildcard in front never takes a topic of the server's own.
    system = r"(?!\$)" if pattern[0] in "+#" else ""
    return re.compile(system + text + r"\Z", re.DOTALL)


class _Node(Generic[Owner, Value]):
    __slots__ = ("children", "values")

    def __init__(self) -> None:
        self.children: dict[str, _Node[Owner, Value]] = {}
        self.values: dict[Owner, Value] = {}


class FilterTree(Generic[Owner, Value]):
    """Filters, each with a value for each owner; found by the name they take."""

    def __init__(self) -> None:
        self._root: _Node[Owner, Value] = _Node()

    def put(self, pattern: str, owner: Owner, value: Value) -> bool:
        """Set the owner's value; returns whether there was none yet."""
        node = self._root
        for level in pattern.split("/"):
            node = node.children.setdefault(level, _Node())
        fresh = owner not in node.values
        node.values[owner] = value
        return fresh

    def remove(self, pattern: str, owner: Owner) -> bool:
        """Remove the owner's value; returns whether there was one."""
        path = [self._root]
        levels = pattern.split("/")
        for level in levels:
            node = path[-1].children.get(level)
            if node is None:
                return False
            path.append(node)
        found = path[-1].values.pop(owner, None) is not None
        for level, parent, child in zip(
            levels[::-1], path[-2::-1], path[:0:-1], strict=True
        ):
            if child.values or child.children:
                break
            del parent.children[level]
        return found

    def taking(self, name: str) -> Iterator[tuple[Owner, Value]]:
        """Yield the values of every filter that takes this name."""
        levels = name.split("/")
        nodes = [self._root]
        for depth, level in enumerate(levels):
            wild = depth > 0 or not name.startswith("$")
            below = []
            for node in nodes:
                children = node.children
                if (exact := children.get(level)) is not None:
                    below.append(exact)
                if not wild:
                    continue
                if (one := children.get("+")) is not None:
                    below.append(one)
                if (rest := children.get("#")) is not None:
                    yield from rest.values.items()
            nodes = below
        for node in nodes:
            yield from node.values.items()
            if (rest := node.children.get("#")) is not None:
                yield from rest.values.items()
