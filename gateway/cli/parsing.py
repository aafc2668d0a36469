"""Parsers that answer a typing error with one line that says what to do."""

import sys
from argparse import Action, ArgumentError, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from gateway.cli.exits import Exit


class Parser(ArgumentParser):
    """One verb's parser: an unknown word names the nearest, no usage is printed."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:  # noqa: ANN401 -- whatever argparse takes
        if examples:
            shown = "\n".join(f"  evalgate {example}" for example in examples)
            kwargs["epilog"] = f"examples:\n{shown}"
            kwargs["formatter_class"] = RawDescriptionHelpFormatter
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Print `message` as one line and end with exit code 2."""
        line = f'evalgate: {message} ("{self.prog} --help" shows how)'
        sys.stderr.write(f"{line}\n")
        sys.exit(Exit.USAGE)

    def _check_value(self, action: Action, value: Any) -> None:  # noqa: ANN401 -- as it is typed there
        choices = action.choices
        if choices is not None and value not in choices:
            known = [str(choice) for choice in choices]
            raise ArgumentError(action, f"there is no {value!r}{nearest(value, known)}")


class Overview(Parser):
    """`evalgate --help`: the verbs by what they are for."""

    groups: Mapping[str, Mapping[str, str]] = {}

    def format_help(self) -> str:
        width = max(len(name) for verbs in self.groups.values() for name in verbs)
        lines = [
            "usage: evalgate COMMAND [OPTIONS]",
            "",
            str(self.description),
            "",
        ]
        for title, verbs in self.groups.items():
            lines.append(f"{title}:")
            lines += [f"  {name:<{width}}  {text}" for name, text in verbs.items()]
            lines.append("")
        return "\n".join([*lines, str(self.epilog), ""])


def nearest(word: object, known: Iterable[str]) -> str:
    """What to type instead: the nearest of `known`, or all of them."""
    words = list(known)
    near = get_close_matches(str(word), words, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else f": choose {', '.join(words)}"
