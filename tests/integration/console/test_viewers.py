"""Each act of each page is offered to whom it is allowed, and refused to all others.

Whoever has a page open from better days keeps its buttons, and whoever has a log-in can
send what any page sends. A new act, page or endpoint that writes must be told of here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
import socketio  # type: ignore[import-untyped]

from gateway.console.pages.site import PAGES
from gateway.tokens import FILE_NAME, Tokens
from gateway.users import ROLES
from tests.integration.console.browser import PASSWORD, Browser, Console
from tests.integration.console.places import BAD, PLACES
from tests.support.api import contract
from tests.support.requests_of import operations

DISPUTED: Final = "eval-0012:e00-12-3"
WHO: Final = "who"
EMPLOYEE: Final = "E1"
EVERYTHING: Final = ("admin", "audit", "contact", "appraisal")
"""No role has it; it has every act of every page on offer."""

_OPERATE: Final = frozenset({"operate"})
_AUDIT: Final = frozenset({"audit"})
_OF_RATING: Final = {
    "Declare void …": _AUDIT,
    "Comment and contact …": frozenset({"contact"}),
    "Erase what was said …": frozenset({"admin"}),
}
ACTS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "devices": {"Approve": _OPERATE, "Refuse": _OPERATE},
    "device": {
        "Press test": _OPERATE,
        "Maintenance …": _OPERATE,
        "Retire …": _OPERATE,
        "Send": _OPERATE,
        "Set": _OPERATE,
    },
    "rating": {**_OF_RATING, "Dispute …": _OPERATE | {"own"}},
    "disputed": {**_OF_RATING, "Decide …": _AUDIT},
    "followups": {
        "Contacted": _OPERATE,
        "Put right": _OPERATE,
        "Confirmed": _OPERATE,
    },
    "months": {"Seal a month": _AUDIT},
    "samples": {"Draw a sample": _AUDIT},
    "sample": {"Right": _AUDIT, "Wrong": _AUDIT, "Exempt": _AUDIT},
    "availability": {"Seal a month": _AUDIT},
    "alerts": {"See to it": _OPERATE, "Put aside": _OPERATE, "Is over": _OPERATE},
    "quarantine": {"Try again": _OPERATE, "Drop": _OPERATE},
    "deadletters": {"Send again": _OPERATE, "Give up": _OPERATE},
    "sinks": {"Try now": _OPERATE, "Send again …": _OPERATE},
    "data": {"Check now": _OPERATE | {"audit"}},
    "me": {"Dispute": _OPERATE | {"own"}},
}
"""By page: what a viewer is not offered, and the scopes of which one allows it.

The form of a sheet is not among them: it sends by itself what the last test sends.
"""

PLACES_OF_ACTS: Final = {**PLACES, "disputed": f"/ratings/{quote(DISPUTED)}"}

OFFERED: Final = """
const buttons = [...document.querySelectorAll('main .q-btn')];
const lists = [...document.querySelectorAll('main .console-listing')];
return buttons.map(it => it.textContent.trim()).concat(lists.flatMap(
  it => getElement(Number(it.id.slice(1))).acts.map(act => act.label))).filter(Boolean);
"""

TRIED: Final = """
const [labels, done] = arguments;
const told = [], answers = [];
const listen = (name, it) => { if (name === 'notify') told.push(it.message); };
const until = async found => {
  for (const end = Date.now() + 20000; Date.now() < end;) {
    const one = found();
    if (one) return one;
    await new Promise(again => setTimeout(again, 5));
  }
  return null;
};
const dialog = () => document.querySelector('.console-dialog');
const last = () => [...document.querySelectorAll('.console-dialog .q-btn')].pop();
const press = async (label, fire) => {
  const before = told.length;
  fire();
  await until(() => told.length > before || last());
  if (told.length === before) last()?.click();
  await until(() => told.length > before);
  answers.push([label, told[before] ?? 'nothing was told']);
  await until(() => !dialog());
};
const nothing = {
  id: 1, device_id: 'eval-0011', rating_id: 'eval-0011:e00-11-3', complaint_id: 'c',
};
(async () => {
  window.socket.onAny(listen);
  for (const field of document.querySelectorAll('main input[maxlength]')) {
    field.value = 'volume';
    field.dispatchEvent(new Event('input', {bubbles: true}));
  }
  for (const button of document.querySelectorAll('main .q-btn')) {
    const label = button.textContent.trim();
    if (labels.includes(label)) await press(label, () => button.click());
  }
  for (const place of document.querySelectorAll('main .console-listing')) {
    const list = getElement(Number(place.id.slice(1)));
    for (const act of list.acts.filter(act => labels.includes(act.label))) {
      const item = list.items.find(one => list.offered(act, one)) ?? nothing;
      await press(act.label, () => list.$emit('act', {name: act.name, item}));
    }
  }
  window.socket.offAny(listen);
  done(answers);
})();
"""
"""Press what is called so, and OK where that asks; answers what the page then tells."""

LISTENERS: Final = """
const {component} = document.querySelector('#app')._vnode;
const {elements} = component.proxy;
return [window.clientId, Object.entries(elements).flatMap(
  ([id, it]) => it.events.map(event => [Number(id), event.listener_id]))];
"""

SENT: Final = """
const [events, done] = arguments;
for (const [id, listener_id, args] of events)
  window.socket.emit('event', {client_id: window.clientId, id, listener_id, args});
window.socket.emit('event', {client_id: window.clientId, id: 999999, args: []}, done);
"""

FETCHED: Final = """
const [requests, done] = arguments;
Promise.all(requests.map(([method, path]) => fetch(path, {
  method, headers: {'Content-Type': 'application/json'},
  body: method === 'GET' ? undefined : '{}',
}).then(answer => answer.status))).then(done);
"""


class Onlooker:
    """Counts what is on record, by a token that no page has."""

    def __init__(self, console: Console, text: str) -> None:
        headers = {"Authorization": f"Bearer {text}"}
        url = f"{console.url}/api/v1"
        self.http = httpx.Client(base_url=url, headers=headers, trust_env=False)

    def records(self) -> tuple[int, Counter[str]]:
        """How many there are in the journal, and the newest acts by kind."""
        journal = self.http.get("/journal").raise_for_status().json()
        acts = self.http.get("/audit", params={"all": True, "limit": 1000})
        return journal["messages"], Counter(it["kind"] for it in acts.json()["items"])

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        before = self.records()
        yield
        assert self.records() == before


@pytest.fixture(scope="module")
def onlooker(console: Console) -> Iterator[Onlooker]:
    tokens = Tokens(console.directory / FILE_NAME)
    text = tokens.create("onlooker", ["audit", "operate"], None, 0)
    onlooker = Onlooker(console, text)
    dispute = onlooker.http.post(f"/ratings/{DISPUTED}/dispute", json={"reason": "no"})
    dispute.raise_for_status()
    for name in (WHO, "viewer"):
        console.user(name, "viewer")
    yield onlooker
    onlooker.http.close()


@pytest.fixture(scope="module")
def shown(console: Console, onlooker: Onlooker) -> httpx.Cookies:
    """The log-in of whose role changes; it lasts, as it does on a page left open."""
    assert onlooker.records()
    form = {"user": WHO, "password": PASSWORD}
    return httpx.post(f"{console.url}/login", data=form, trust_env=False).cookies


@pytest.fixture
def page(browser: Browser, shown: httpx.Cookies) -> Browser:
    browser.shows(shown)
    return browser


def become(console: Console, role: str, *beside: str) -> None:
    employee = EMPLOYEE if role == "clerk" else None
    console.becomes(WHO, role, *beside, employee=employee)


def offered(browser: Browser, path: str) -> set[str]:
    browser.open(path)
    browser.settled()
    return set(browser.driver.execute_script(OFFERED))


def test_every_act_is_one_of_a_page() -> None:
    assert PLACES_OF_ACTS.keys() >= ACTS.keys()


@pytest.mark.parametrize("name", PLACES_OF_ACTS)
def test_what_a_page_offers_to_others_is_refused_to_whom_it_is_not_allowed(
    page: Browser, console: Console, onlooker: Onlooker, name: str
) -> None:
    acts, path = ACTS.get(name, {}), PLACES_OF_ACTS[name]
    become(console, "viewer")
    to_viewer = offered(page, path)
    is_own = any(it.name == name and it.scope == "own" for it in PAGES)
    become(console, *(("clerk",) if is_own else EVERYTHING))
    assert offered(page, path) - to_viewer == acts.keys()
    with onlooker.nothing_happens():
        for role, scopes in ROLES.items():
            become(console, role)
            refused = [it for it, may in acts.items() if may.isdisjoint(scopes)]
            told = page.driver.execute_async_script(TRIED, refused)
            assert {label for label, _ in told} == set(refused)
            assert [it for it in told if "lacks the scope" not in it[1]] == []


def test_events_of_another_log_ins_page_are_not_heard(
    page: Browser, console: Console, onlooker: Onlooker
) -> None:
    become(console, *EVERYTHING)
    offered(page, PLACES["alerts"])
    number, listeners = page.driver.execute_script(LISTENERS)
    assert listeners
    form = {"user": "viewer", "password": PASSWORD}
    answer = httpx.post(f"{console.url}/login", data=form, trust_env=False)
    shown = "; ".join(f"{key}={value}" for key, value in answer.cookies.items())
    with onlooker.nothing_happens():
        heard = asyncio.run(_events(console.url, shown, number, listeners))
        assert heard == {False}


async def _events(
    url: str, cookie: str, number: str, listeners: list[tuple[int, str]]
) -> set[object]:
    client = socketio.AsyncClient()
    path, headers = "/_nicegui_ws/socket.io", {"Cookie": cookie}
    await client.connect(
        url, headers=headers, socketio_path=path, transports=["websocket"]
    )
    act = json.dumps({"name": "resolve", "item": {"id": 1, "text": "x"}})
    told = {"client_id": number, "args": [act]}
    try:
        return {
            await client.call(
                "event", {**told, "id": no, "listener_id": it}, timeout=20
            )
            for no, it in listeners
        }
    finally:
        await client.disconnect()


@pytest.mark.parametrize("name", ["devices", "device", "quarantine"])
def test_what_only_anothers_page_listens_for_does_nothing_on_a_viewers(
    page: Browser, console: Console, onlooker: Onlooker, name: str
) -> None:
    events: list[tuple[int, str, list[str]]] = []
    for role in (EVERYTHING, ("viewer",)):
        become(console, *role)
        offered(page, PLACES[name])
        _, listeners = page.driver.execute_script(LISTENERS)
        for act in ("approve", "replay", "purge"):
            item = {"id": 1, "device_id": "intruder", "topic": "x"}
            args = [json.dumps({"name": act, "item": item})]
            events += [(number, it, args) for number, it in listeners]
    with onlooker.nothing_happens():
        page.driver.execute_async_script(SENT, events)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_page_could_send_itself_is_refused_beyond_the_role(
    page: Browser, console: Console, onlooker: Onlooker, role: str
) -> None:
    become(console, role)
    page.open("/me")
    page.settled()
    scopes = {*ROLES[role]}
    beyond = [
        (one.method, one.path)
        for one in operations(contract())
        if one.scopes and scopes.isdisjoint(one.scopes)
    ]
    if role == "viewer":
        writing = [it for it in operations(contract()) if it.method != "GET"]
        assert {(it.method, it.path) for it in writing} <= set(beyond)
    requests = [(method, filled(path)) for method, path in beyond]
    with onlooker.nothing_happens():
        statuses = page.driver.execute_async_script(FETCHED, requests)
        assert Counter(statuses) == Counter({403: len(requests)})


def filled(path: str) -> str:
    """With names of what there is."""
    names: dict[str, Any] = dict.fromkeys(
        ("letter_id", "item_id", "alert_id", "window_id", "sample_id", "number"), 1
    )
    names |= {"rating_id": BAD, "device_id": "eval-0011", "name": "business"}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", quote(str(value)))
    return path.replace("{", "").replace("}", "")
