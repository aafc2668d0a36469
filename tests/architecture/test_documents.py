"""What the documents say can be done."""

import re
import tomllib

import pytest

from tests.architecture.tree import PACKAGES, ROOT


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("command", ["./dev setup", "./dev demo", "./dev test"])
def test_the_readme_shows_the_first_commands(command: str) -> None:
    assert command in read("README.md")


def test_the_architecture_names_every_part_of_the_gateway() -> None:
    words = set(re.findall(r"\w+", read("ARCHITECTURE.md")))
    parts = {path.stem for path in (ROOT / "gateway").iterdir()}
    assert sorted(p for p in parts - words if not p.startswith("_")) == []


def test_the_layers_name_every_package() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    assert project["tool"]["importlinter"]["root_packages"] == list(PACKAGES)
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(
        PACKAGES
    )
