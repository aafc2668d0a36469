"""A viewer is offered no act on any page: new pages and new acts must be told of here.

That acts are refused to viewers is proved of the API, through which all of them go.
"""

from collections.abc import Mapping
from typing import Final

import pytest

from tests.integration.console.browser import Browser, Console
from tests.integration.console.places import PLACES

ACTS: Final[Mapping[str, Mapping[str, set[str]]]] = {
    "live": {},
    "halls": {},
    "hall": {},
    "devices": {"admin": {"Approve", "Refuse"}},
    "device": {"admin": {"Approve", "Press test", "Maintenance …", "Retire …"}},
    "ratings": {},
    "rating": {"admin": {"Dispute …", "Erase what was said …"}},
    "sessions": {},
    "session": {},
    "followups": {"admin": {"Was contacted", "Is put right", "Is confirmed"}},
    "statistics": {},
    "maintenance": {},
    "availability": {},
    "sheet": {},  # its form is a component of its own, which is not looked into
    "alerts": {"admin": {"See to it", "Put aside", "Is over"}},
    "quarantine": {"admin": {"Try again", "Drop"}},
    "deadletters": {"admin": {"Send again", "Give up"}},
    "sinks": {"admin": {"Try now", "Send again …"}},
    "data": {"admin": {"Check now"}},
    "audit": {},
    "me": {},
}
"""By page and role, what is offered in buttons and tables that a viewer is not."""

OFFERED: Final = """
const buttons = [...document.querySelectorAll('main .q-btn')];
const lists = [...document.querySelectorAll('main .console-listing')];
return buttons.map(it => it.textContent.trim()).concat(lists.flatMap(
  it => getElement(Number(it.id.slice(1))).acts.map(act => act.label))).filter(Boolean);
"""


@pytest.fixture(scope="module", autouse=True)
def _users(console: Console) -> None:
    for role in ("viewer", "admin"):
        console.user(role, role)


def offered(browser: Browser, path: str) -> set[str]:
    browser.open(path)
    browser.find("main .console-title")
    return set(browser.driver.execute_script(OFFERED))


def test_every_page_is_told_of_here() -> None:
    assert ACTS.keys() == PLACES.keys()


@pytest.mark.parametrize("role", ["admin"])
def test_a_viewer_is_offered_none_of_the_acts_of_others(
    browser: Browser, role: str
) -> None:
    found = {}
    for who in (role, "viewer"):  # who comes first loads what tables are made of
        browser.forget()
        browser.log_in(who)
        browser.at("/")
        found[who] = {name: offered(browser, PLACES[name]) for name in PLACES}
    more = {name: found[role][name] - found["viewer"][name] for name in ACTS}
    assert more == {name: acts.get(role, set()) for name, acts in ACTS.items()}
