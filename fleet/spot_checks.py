"""Random spot checks: drawn by a seed, without replacement, the same for ever.

The rank of a device is a digest of seed and id: neither the order of devices nor a
version of Python matters, and a new device moves no other one's rank.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple


class SpotChecks(NamedTuple):
    """Devices in the order of the draw, and how many were asked for in vain."""

    devices: tuple[str, ...]
    shortfall: int


def draw(
    sites: Mapping[str, str | None],
    count: int,
    seed: str,
    *,
    per_site_max: int | None = None,
) -> SpotChecks:
    """Draw `count` devices, given with their sites, at most so many of one site.

    Devices of no site are a site of their own.

    Raises:
        ValueError: a number below zero, or no device of any site allowed.
    """
    if count < 0 or (per_site_max is not None and per_site_max < 1):
        raise ValueError("spot checks: a count from 0, and at least 1 a site")
    drawn: list[str] = []
    taken: dict[str | None, int] = {}
    for device in sorted(sites, key=lambda name: _rank(seed, name)):
        if len(drawn) == count:
            break
        site = sites[device]
        if per_site_max is None or taken.get(site, 0) < per_site_max:
            taken[site] = taken.get(site, 0) + 1
            drawn.append(device)
    return SpotChecks(tuple(drawn), count - len(drawn))


def _rank(seed: str, name: str) -> tuple[bytes, str]:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest(), name
