"""Any order, grouping and delay of what happens to a session ends alike, by the API.

Sites live one story at once, each with its own order of arrival; then what the API
tells of them must be the same but for names. Equal by the rules are all permutations of
what terminals and queue systems tell (a session is a function of the set), also those
that come after the deadline, since in time is decided by when a key was pressed. When
something came matters rightly for this alone, and is left out:

- a default that was issued before the answer came stays as a row without effect;
- `received_at`, `version` and the ordinal in a default's id tell of the way, not of the
  end;
- the last part of a session's key is given when a number's sessions are first told
  apart, and kept;
- an act decides about what stands, so it comes after what it is about.
"""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.events.cloudevents import rfc3339
from tests.properties.test_statistics import (
    EMPTY,
    ZONE,
    Question,
    kept,
    summed,
)
from tests.properties.test_statistics import GROUPINGS as RECOUNTED
from tests.properties.test_statistics import told as counted
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, FoldedLedger
from tests.support.recount import recounted
from tests.support.stories import MOMENTS, Fact, arranged, story

SEEDS: Final = (0, 3, 11, 42, 85)  # the first four showed faults, since mended
ORDERS: Final = 6
SPAN_MS: Final = 20 * DAY_MS
GROUPINGS: Final = (
    "site",
    "site,device",
    "site,day",
    "site,hour",
    "site,employee",
    "site,service",
    "site,medium",
    "site,reason",
    "site,item",
)
_ORDINAL: Final = re.compile(r"default-\d+")
OF_THE_WAY: Final = {"received_at", "version", "session_key"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    yield api
    api.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_a_story_ends_alike_in_states_and_figures(
    api: FoldedApi, seed: int
) -> None:
    dice, began_ms = random.Random(seed), START_MS + (1 + seed) * SPAN_MS
    facts = story(dice, began_ms)
    sites = [f"s{seed}x{number}" for number in range(ORDERS)]
    live(api.world, dice, facts, sites, began_ms)
    found = asyncio.run(told(api, sites, began_ms))
    adds_up(api.world)
    names = [one.name for one in facts]
    for site in sites[1:]:
        assert found[site] == found[sites[0]], names
    assert found[sites[0]]["sessions"], names


def adds_up(world: FoldedLedger) -> None:
    """What was counted on the way, and its sums, are what a recount finds."""
    found, again = kept(world), summed(world)
    for table in found.keys() | again.keys():
        mine, theirs = again.get(table, Counter()), found.get(table, Counter())
        assert {k: n for k, n in mine.items() if n} == dict(theirs), table
    for group_by in RECOUNTED:
        for flagged in (False, True):
            now = counted(world, Question(group_by, flagged, None, None))
            own = recounted(world, group_by, ZONE, include_flagged=flagged)
            for key in now.keys() | own.keys():
                few, many = own.get(key, EMPTY), now.get(key, EMPTY)
                both = few.keys() & many.keys()
                assert {n: few[n] for n in both} == {n: many[n] for n in both}, key


def live(
    world: FoldedLedger,
    dice: random.Random,
    facts: list[Fact],
    sites: list[str],
    began_ms: int,
) -> None:
    """Let each site live the story in its own order, and all deadlines pass."""
    rows = {"author": "anna", "table": "sites", "rows": [{"id": one} for one in sites]}
    world.act("registry_put", rows)
    for site in sites:
        row = {"device_id": f"t-{site}", "site": site, "window": f"w-{site}"}
        world.act("device_put", {"device": row})
    orders = {site: arranged(dice, facts) for site in sites}
    for moment, after_ms in enumerate(MOMENTS):
        world.clock.advance(began_ms + after_ms - world.clock.wall_ms())
        settled(world)
        for site, batches in orders.items():
            for batch in batches:
                if batch.moment == moment:
                    now_ms = world.clock.wall_ms()
                    world.append([one.made(site, now_ms) for one in batch.facts])
    world.clock.advance(DAY_MS)
    settled(world)


def settled(world: FoldedLedger) -> None:
    """Ticks, until nothing is due."""
    world.take()
    while (world.state.next_due or world.state.now_ms + 1) <= world.state.now_ms:
        world.take()


async def told(
    api: FoldedApi, sites: list[str], began_ms: int
) -> dict[str, dict[str, Any]]:
    """What the API tells of each site, with one name for all of them."""
    span = {"from": began_ms - DAY_MS, "to": began_ms + SPAN_MS - 2 * DAY_MS}
    found: dict[str, dict[str, Any]] = {site: defaultdict(list) for site in sites}
    for name in ("ratings", "sessions"):
        for item in await listed(api, name, **span):
            if not superseded(item):
                found[item["site"]][name].append(plain(item, item["site"]))
    for site in sites:
        for item in await listed(api, "sessions", site=site):
            key = item["session_key"]
            answer = (await api.get(f"/api/v1/sessions/{key}")).json()
            found[site]["shown"].append(plain(answer, site))
    for group_by in GROUPINGS:
        for flagged in ("false", "true"):
            query = {"group_by": group_by, "include_flagged": flagged, **span}
            for item in await listed(api, "statistics", **query):
                site = item["key"]["site"]
                found[site][f"{group_by} {flagged}"].append(plain(item, site))
    return {
        site: {name: sorted(items, key=repr) for name, items in own.items()}
        for site, own in found.items()
    }


async def listed(api: FoldedApi, name: str, **query: object) -> list[dict[str, Any]]:
    asked = {
        key: f"{value}" if key not in {"from", "to"} else rfc3339(int(str(value)))
        for key, value in query.items()
    }
    answer = await api.get(f"/api/v1/{name}", limit=1000, **asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def superseded(item: dict[str, Any]) -> bool:
    """A default that the answer, which came after it, has superseded."""
    return item.get("origin") == "system_default" and not item["effective"]


def plain(value: Any, site: str) -> Any:  # noqa: ANN401 -- JSON of any shape
    """JSON without what tells of the way, and with one name for the site."""
    if isinstance(value, dict):
        return {
            name: plain(each, site)
            for name, each in value.items()
            if name not in OF_THE_WAY
        }
    if isinstance(value, list):
        return [plain(one, site) for one in value if not _is_superseded(one)]
    if isinstance(value, str):
        return _ORDINAL.sub("default", value.replace(site, "site"))
    return value


def _is_superseded(one: object) -> bool:
    return isinstance(one, dict) and superseded(one)
