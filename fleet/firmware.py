"""Whether a device's firmware is behind the one that its model should run."""

import re
from typing import Final

_NUMBERS: Final = re.compile(r"\d+")


def is_behind(firmware: str, target: str) -> bool:
    """By the numbers in both, from the left: `2.9.1` is behind `2.10`.

    A name without numbers cannot be ordered: any other one is behind.
    """
    have = tuple(map(int, _NUMBERS.findall(firmware)))
    want = tuple(map(int, _NUMBERS.findall(target)))
    if not have or not want:
        return firmware != target
    return have < want
