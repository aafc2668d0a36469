"""Every page: its links lead somewhere, its commands exist, its files can be read."""

import json
import re
import shlex
import subprocess
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from gateway.app.contract import openapi
from gateway.cli.main import GROUPS, parser
from simulators.simulate import options
from tests.architecture.tree import ROOT, project_files, relative
from tests.support.compose import services

OUTSIDERS = {"simulate", "bench", "conformance"}
"""Verbs that hand their options to another program."""

every_page = pytest.mark.parametrize(
    "page", [path for path in project_files() if path.suffix == ".md"], ids=relative
)


def blocks(page: Path, *languages: str) -> list[str]:
    """The text of each fenced block in one of these languages."""
    pattern = rf"^( *)```(?:{'|'.join(languages)})\n(.*?)^\1```$"
    text = page.read_text("utf-8")
    found = re.findall(pattern, text, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{space}", "", body, flags=re.MULTILINE) for space, body in found]


def prose(page: Path) -> str:
    text = page.read_text("utf-8")
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """Each line that is to be typed, without its comment."""
    lines: list[str] = []
    for block in blocks(page, "sh", "console"):
        whole = block.replace("\\\n", " ")
        prompted = re.findall(r"^\$ (.*)$", whole, re.MULTILINE)
        lines += prompted or whole.splitlines()
    return [re.sub(r"(^|\s+)#.*", "", line) for line in lines]


def anchors(page: Path) -> set[str]:
    """How GitHub names the headings of a page."""
    headings = re.findall(r"^#+ +(.*)$", prose(page), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {name.replace(" ", "-") for name in kept}


@cache
def paths() -> list[re.Pattern[str]]:
    known = [re.sub(r"\{\w+\}", "[^/]+", path) for path in openapi()["paths"]]
    return [re.compile(path) for path in [*known, "/api/v1/(docs|openapi.json)"]]


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@every_page
def test_files_shown_can_be_read(page: Path) -> None:
    for block in blocks(page, "toml"):
        tomllib.loads(block)
    for block in blocks(page, "json"):
        json.loads(block)


@every_page
def test_commands_of_the_gateway_are_ones_that_we_have(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVALGATE_CONFIG", "gateway.toml")
    for line in commands(page):
        found = re.search(r"(?:^|[ /])evalgate (.*?)['|]?$", line)
        if found is None or "-- " in line:
            continue
        verb, *words = shlex.split(found[1])
        if verb == "simulate":
            options.parse(words)
        if verb in OUTSIDERS:
            assert verb in GROUPS["try and measure"]
        else:
            assert verb == parser([verb]).parse_args([verb, *words]).verb.NAME


@every_page
def test_modules_to_run_are_there(page: Path) -> None:
    for module in re.findall(
        r"python -m ((?:gateway|simulators|tests)[\w.]*)", page.read_text("utf-8")
    ):
        spec = find_spec(module)
        assert spec is not None, module
        is_package = spec.submodule_search_locations is not None
        assert not is_package or find_spec(f"{module}.__main__"), module


@every_page
def test_commands_of_a_developer_are_ones_that_we_have(page: Path) -> None:
    usage = subprocess.run(
        [ROOT / "dev", "help"], check=True, capture_output=True, text=True
    ).stdout
    for command in re.findall(r"\./dev ([a-z]+)", page.read_text("utf-8")):
        assert re.search(rf"^  {command}\b", usage, re.MULTILINE), command


@every_page
def test_services_named_to_compose_are_in_its_file(page: Path) -> None:
    for line in commands(page):
        found = re.search(
            r"docker compose (?:exec|run(?: -\S+| sh)*|cp) ([a-z-]+)", line
        )
        assert found is None or found[1] in services(), line


def test_the_readme_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert f"]({relative(page)})" in readme


def test_the_architecture_names_places_that_there_are() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    tops = "config|device_protocol|docs|fleet|gateway|simulators|tests"
    named = re.findall(rf"`((?:{tops})/[\w/.-]+)`", text)
    places = [name for name in named if not re.search("[A-Z]", name)]
    assert len(places) > 30
    assert [name for name in places if not (ROOT / name).exists()] == []


@every_page
def test_paths_of_the_api_are_in_its_contract(page: Path) -> None:
    if page.parent.name in {"decisions", "results"}:  # of their day
        return
    for path in re.findall(r"/api/v1/[\w/.-]*[\w]", page.read_text("utf-8")):
        assert any(pattern.fullmatch(path) for pattern in paths()), path
