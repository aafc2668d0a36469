# ruff: noqa: RUF001 -- Chinese
"""What the gateway writes in English is told in the language of whoever reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from fleet import hours
from fleet import tables as checks
from fleet.inspections import plans
from gateway.console import explaining as outside
from gateway.console import tables as sheets
from gateway.console.pages.sentences import INSTANTS, Sentences
from gateway.console.wording import Words
from gateway.processing import acts
from gateway.ratings import explaining, targets

TABLES = ("explaining", "sentences", "sheet")
AT = "2026-11-20 10:00:00+08:00"
SAMPLES = {"count": "7", "level": "7", "version": "7", "status": "418"}
SAMPLES |= dict.fromkeys(INSTANTS, AT)
EXPLAINING = [*Path(explaining.__file__).parent.glob("*.py"), Path(outside.__file__)]
ACTS = sorted(Path(acts.__file__).parent.glob("*.py"))
REGISTRY = [Path(str(it.__file__)) for it in (checks, hours, plans, sheets, targets)]
"""What refuses rows of tables, plans and targets, for acts and routes alike."""

KIND = re.compile(r"([eE]rror|Refused|_invalid)$")
SENTENCE = re.compile(r"[A-Za-z]+ [a-z]+")


def said(table: str, language: str) -> dict[str, str]:
    return Words(table, language).all_of("said")


def literals(template: str) -> list[str]:
    return [text for text, _, _, _ in Formatter().parse(template) if text]


def written(template: str) -> str:
    places = {name for _, name, _, _ in Formatter().parse(template) if name}
    return template.format(**{name: SAMPLES.get(name, "x9") for name in places})


@pytest.mark.parametrize("table", TABLES)
def test_no_sentence_takes_the_place_of_another(table: str) -> None:
    chinese = Sentences(table, "zh")
    for name, template in said(table, "en").items():
        told = chinese.told(written(template))
        assert told is not None, name
        assert all(text in told for text in literals(said(table, "zh")[name])), name


def test_places_are_told_in_the_readers_words_too() -> None:
    names = {"window": {"w9": "九号窗口"}.__getitem__}
    told = Sentences("explaining", "zh", names).told
    assert told("window w9, department none: that of the rating's terminal") == (
        "窗口 九号窗口，部门 无：取评价器所在窗口"
    )
    assert told("skipped: 2026-11-28 Sat (the week's rest), by the calendar china") == (
        "不计入：2026-11-28 周六（周末）（日历 china）"
    )
    assert told("double_press informs: apart_ms 900, counts e2") == (
        "标记“重复按键”：仅作提示（间隔 900 毫秒、以 e2 为准）"
    )


def test_what_somebody_wrote_is_taken_for_no_instant() -> None:
    told = Sentences("explaining", "zh", {"at": {AT: "十点"}.__getitem__}).told
    reason = "shut until noon: see the note"
    assert told(f"void as a whole since {AT}, by Ann: {reason} (d:e)") == (
        f"自 十点 起整体作废，操作人 Ann：{reason}（d:e）"
    )


def test_browsers_are_given_what_tells_a_sentence_by_itself() -> None:
    given = dict(Sentences("sheet", "zh").for_browsers())
    assert given[r"(?<count>\d+)\ s\ ago"] == "{count} 秒前"
    assert Sentences("sheet", "en").for_browsers() == []


def test_what_is_not_known_or_is_in_the_readers_words_is_left_as_it_is() -> None:
    text = "a device that is retired cannot become active"
    assert Sentences("sentences", "en").told(text) is None
    chinese = Sentences("sentences", "zh")
    assert chinese.told(text) == "评价器当前为“已退役”，不能改为“在用”"
    assert chinese.told("no sentence of ours") is None
    assert chinese.told(None) is None


@pytest.mark.parametrize("module", EXPLAINING, ids=str)
def test_each_sentence_of_the_rules_is_in_the_table(module: Path) -> None:
    known = "\n".join(said("explaining", "en").values())
    for text in _written_in(ast.parse(module.read_text("utf-8"))):
        assert text in known, text


@pytest.mark.parametrize("module", [*ACTS, *REGISTRY], ids=lambda it: it.stem)
def test_each_refusal_of_an_act_is_in_the_table(module: Path) -> None:
    known = "\n".join(said("sentences", "en").values())
    for refusal in _refusals(ast.parse(module.read_text("utf-8"))):
        for text in _written_in(refusal):
            assert text in known, text


def _refusals(tree: ast.Module) -> Iterator[ast.expr]:
    """What errors and refusals say last, also where it got a name just before."""
    for function in (it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef)):
        nodes = list(ast.walk(function))
        named = {
            ast.unparse(node.targets[0]): node.value
            for node in nodes
            if isinstance(node, ast.Assign)
        }
        for node in nodes:
            if isinstance(node, ast.Call) and KIND.search(ast.unparse(node.func)):
                yield from (named.get(ast.unparse(it), it) for it in node.args[-1:])


def _written_in(tree: ast.AST) -> Iterator[str]:
    """The parts of sentences in it, without what documents it."""
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
    }
    for node in ast.walk(tree):
        if id(node) in documents or not isinstance(node, ast.Constant):
            continue
        text = node.value.strip(" ,:;()") if isinstance(node.value, str) else ""
        if SENTENCE.search(text):
            yield text
