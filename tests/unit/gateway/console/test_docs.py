"""The API's page works without the internet and lets nothing foreign in."""

import re

import pytest

from tests.support.api import Api

PAGE = "/api/v1/docs"


async def test_the_page_loads_our_own_files_only(api: Api) -> None:
    page = await api.get(PAGE)
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe-eval" not in policy
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    assert "://" not in page.text
    for link in links:
        assert (await api.get(f"/api/v1/{link}")).status_code == 200


async def test_nothing_of_the_page_stands_in_its_markup(api: Api) -> None:
    page = await api.get(PAGE)
    assert "<script>" not in page.text
    start = await api.get(f"{PAGE}/start.js")
    assert start.headers["content-type"].startswith("text/javascript")
    assert "validatorUrl: null" in start.text


@pytest.mark.parametrize("path", ["/api/v1/ratings", "/livez", "/api/v1/nothing"])
async def test_no_answer_is_kept_or_guessed_at_by_a_browser(
    api: Api, path: str
) -> None:
    headers = (await api.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
