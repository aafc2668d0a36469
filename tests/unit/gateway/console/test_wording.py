"""Every text is there in every language, with the same places for values."""

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest

from device_protocol.errors import Reason
from gateway.acts import ActName
from gateway.console import pages
from gateway.console.wording import DIRECTORY, LANGUAGES, SHARED, Words, language_of
from gateway.ledger.figures import SLOTS
from gateway.ratings.cells import REASON
from gateway.ratings.flags import FLAGS

TABLES = sorted(path.stem for path in DIRECTORY.glob("*.toml"))
UNRATED = {it.removeprefix(REASON) for it in SLOTS if it.startswith(REASON)}
RULES = (Path(__file__).parents[4] / "docs" / "rating-rules.md").read_text("utf-8")
_FLAGS = RULES.partition("| flag | raised when |")[2].partition("\n\n")[0]
EVIDENCE = {
    name
    for line in _FLAGS.splitlines()[2:]
    for name in re.findall(r"`(\w+)`", line.split(" | ")[2])
}
CODE = re.compile(r'(?:ProblemError\(\s*[\w.]+,|ActError\()\s*"(\w+)"')
GATEWAY = Path(pages.__file__).parents[2]
MODULES = sorted(Path(pages.__file__).parent.rglob("*.py"))


def table(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((DIRECTORY / f"{name}.toml").read_text("utf-8"))


def places(text: str) -> set[str | None]:
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("name", TABLES)
def test_both_languages_say_the_same_things(name: str) -> None:
    for key, texts in table(name).items():
        assert set(texts) == set(LANGUAGES), key
        assert all(text.strip() for text in texts.values()), key
        found = {language: places(text) for language, text in texts.items()}
        if key.startswith("said_"):  # the machine's own words stand beside it
            assert found["zh"] <= found["en"], key
        else:
            assert found["zh"] == found["en"], key


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_word_that_a_page_asks_for_is_in_a_table(module: Path) -> None:
    known = {key for name in TABLES for key in table(name)}
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("words"):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant):
                    assert argument.value in known


def test_no_table_says_otherwise_what_the_frame_says() -> None:
    shared = set(table(SHARED))
    for name in TABLES:
        assert name == SHARED or not shared & set(table(name)), name


def test_a_name_without_a_word_is_told_as_it_is() -> None:
    words = Words("live", "zh")
    assert words.known("presence", "offline") == "离线"
    assert words.known("presence", "on the moon") == "on the moon"
    with pytest.raises(KeyError):
        words("no such text")


def test_each_code_of_a_refusal_has_a_word() -> None:
    found = {
        code
        for part in ("console", "processing/acts")
        for path in (GATEWAY / part).rglob("*.py")
        for code in CODE.findall(path.read_text("utf-8"))
    }
    assert {"conflict", "outside_site"} < found
    assert found <= Words(SHARED, "zh").all_of("problem").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_act_of_people_has_a_word_of_its_own(language: str) -> None:
    told = Words("audit", language).all_of("act")
    assert set(ActName) <= told.keys()
    assert len(set(told.values())) == len(told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("page", "kind", "names"),
    [
        ("ratings", "flag", FLAGS),
        ("quarantine", "cause", set(Reason)),
        ("sessions", "why", UNRATED),
        ("explaining", "evidence", EVIDENCE),
    ],
)
def test_each_name_of_the_rules_has_a_word_of_its_own(
    page: str, kind: str, names: set[str], language: str
) -> None:
    told = Words(page, language).all_of(kind)
    assert told.keys() == names
    assert len(set(told.values())) == len(names)


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "fr-FR, en;q=0.5", "en"),
        (None, "", "en"),
        ("en", "zh-CN", "en"),
        ("tlh", "zh", "zh"),
    ],
)
def test_the_language_is_chosen_or_the_browsers(
    chosen: str | None, accepted: str, language: str
) -> None:
    assert language_of(chosen, accepted) == language
