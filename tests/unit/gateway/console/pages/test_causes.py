"""Each cause is told in the words of whoever reads, with the figures of now."""

import re

import pytest

from fleet.alerts import ADVICE
from fleet.evidence import figures_of
from fleet.findings import Findings
from fleet.health import RULES
from fleet.vitals import Vitals
from gateway.console.pages.causes import Causes
from gateway.console.wording import LANGUAGES, Words
from tests.unit.gateway.cli.test_operating import TEXT

ENGLISH = Causes(Words("live", "en"))
CHINESE = Causes(Words("live", "zh"))
RECORD = "dev-1: battery at 17.04 %: charge or exchange it"
CAUSES_IN_DOCS = TEXT.partition("## Mend: alerts by cause")[2].partition("###")[0]
EXPLAINED = set(re.findall(r"^\| `(\w+)` \|", CAUSES_IN_DOCS, re.MULTILINE))
CAUSES = {rule.code for rule in RULES} | EXPLAINED
VITALS = Vitals(
    battery_pct=17.04,
    rssi_dbm=-83.0,
    storage_free_pct=4.0,
    temperature_c=61.25,
    clock_offset_ms=-180_400,
    buffer_depth=120,
)
FINDINGS = Findings(
    days_left=3.6,
    restarts=(1, 2, 3, 4),
    failed_checks=("display", "audio"),
    stuck_key=2,
    unmoved=(1, 3),
    expected=17.6,
    lacking=12,
    pressed=20,
    overdue=("clean", "inspection"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_cause_of_an_alert_and_each_advice_has_words(language: str) -> None:
    words = Words("causes", language)
    assert words.all_of("cause").keys() == CAUSES
    assert ADVICE.keys() <= words.all_of("advice").keys()
    assert words.all_of("told").keys() <= CAUSES


def test_figures_come_with_the_precision_they_have() -> None:
    figures = {"battery_pct": 17}
    assert figures_of("battery", VITALS, FINDINGS) == figures
    assert CHINESE.sentence("battery", RECORD, figures).startswith("电量仅 17%")
    assert ENGLISH.sentence("battery", RECORD, figures).startswith("Battery at 17 %")
    assert figures_of("temperature", VITALS, FINDINGS) == {"temperature_c": 61.2}
    assert figures_of("signal", VITALS, FINDINGS) == {"rssi_dbm": -83}


def test_without_figures_the_cause_is_named_or_the_record_speaks_for_itself() -> None:
    assert CHINESE.sentence("battery", RECORD, {}) == "电量低"
    assert ENGLISH.sentence("battery", RECORD, {}) == RECORD
    assert CHINESE.sentence("made_up", RECORD, {}) == RECORD


def test_names_among_the_figures_are_told_in_words() -> None:
    work = figures_of("inspection_overdue", VITALS, FINDINGS)
    told = CHINESE.sentence("inspection_overdue", "", work)
    assert told == "清洁、巡检已逾期，请执行并登记"  # noqa: RUF001 -- Chinese


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_a_reason_that_stands_is_told_with_its_figures(code: str) -> None:
    figures = figures_of(code, VITALS, FINDINGS)
    told = CHINESE.sentence(code, "?", figures)
    assert "{" not in told
    assert all(
        str(value) in told for value in figures.values() if not isinstance(value, list)
    )
