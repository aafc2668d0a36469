"""What stands in the tree, and what never does."""

import re
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, project_files, relative

# In pieces, so that this file does not hold what it looks for.
HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io")
PLACES = re.compile(
    r"(?<![\w.$}/-])/(?:" + "wo" + "rk|ro" + "ot|ho" + r"me|tm" + r"p)/"
)
UNFINISHED = re.compile(
    "TO" + r"DO\b|FIX" + r"ME\b|XX" + r"X\b|NotImplemented" + "Error"
)
BARE_NOQA = re.compile(r"# no" + r"qa(?!: [A-Z0-9, ]+ --? \S)")


def texts() -> list[tuple[str, str]]:
    found = []
    for path in project_files():
        try:
            found.append((relative(path), path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue  # vectors hold bytes that are no text
    return found


def offenders(pattern: re.Pattern[str], suffix: str = "") -> list[str]:
    return [
        f"{name}: {match.group()}"
        for name, text in texts()
        if name.endswith(suffix)
        for match in pattern.finditer(text)
    ]


def test_no_package_registry_is_named() -> None:
    assert offenders(re.compile("|".join(map(re.escape, HOSTS)))) == []


def test_no_path_of_a_developers_machine_is_named() -> None:
    assert offenders(PLACES) == []


def test_nothing_is_left_unfinished() -> None:
    assert offenders(UNFINISHED, ".py") == []


def test_every_suppressed_rule_has_its_reason_on_the_line() -> None:
    assert offenders(BARE_NOQA, ".py") == []


def test_requirements_are_pinned_with_hashes() -> None:
    for name in ("runtime", "dev", "build"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        pins = re.findall(r"^[\w.-]+==\S+.*\\\n +--hash=sha256:", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^\w", text, re.MULTILINE)) > 0
        assert not re.search(r"^--?\w", text, re.MULTILINE), "options name places"


@pytest.mark.parametrize("name", PACKAGES)
def test_unit_tests_mirror_the_tree(name: str) -> None:
    mirror = ROOT / "tests" / "unit" / name
    for path in mirror.rglob("test_*.py"):
        assert (ROOT / path.parent.relative_to(ROOT / "tests" / "unit")).is_dir(), path


def test_every_component_has_unit_tests() -> None:
    packages = [ROOT / name for name in PACKAGES if name != "gateway"]
    packages += sorted(path.parent for path in (ROOT / "gateway").glob("*/__init__.py"))
    assert [relative(path) for path in packages if not has_tests(path)] == []


def has_tests(package: Path) -> bool:
    mirror = ROOT / "tests" / "unit" / package.relative_to(ROOT)
    return any(mirror.rglob("test_*.py"))
