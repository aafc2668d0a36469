"""A reconciliation for people, programs and CI."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from simulators.reconciliation.judge import Checked
from simulators.reconciliation.run import Reconciliation

_DAMAGES: Final = ("missing", "extra", "altered")
_SHOWN: Final = 3


def as_json(done: Reconciliation) -> dict[str, Any]:
    return {
        "damaged": done.damaged,
        "stores": {name: asdict(found) for name, found in done.stores.items()},
        "notes": done.notes,
    }


def lines(done: Reconciliation) -> Iterator[str]:
    """A table, examples of each damage, and a verdict."""
    yield (
        f"{'':11}{'expected':>9}{'held':>9}{'missing':>9}{'extra':>9}"
        f"{'altered':>9}{'late':>7}{'repeated':>10}"
    )
    for name, found in done.stores.items():
        yield (
            f"{name:11}{found.expected:>9,}{found.held:>9,}{found.missing:>9,}"
            f"{found.extra:>9,}{found.altered:>9,}{found.late:>7,}{found.repeated:>10,}"
        )
    for name, found in done.stores.items():
        for damage, examples in found.examples.items():
            shown = ", ".join(examples[:_SHOWN])
            yield f"{name}, {damage}, for example: {shown}"
    yield from done.notes
    if not done.stores:
        yield "Nothing was compared."
    elif done.damaged:
        yield f"DAMAGED: {'; '.join(_damages(done))}."
    else:
        yield "Exact: nothing lost, nothing doubled, nothing altered."


def _damages(done: Reconciliation) -> Iterator[str]:
    for name, found in done.stores.items():
        for damage in _DAMAGES:
            if count := getattr(found, damage):
                yield f"{name}: {count:,} {damage}"


def write_junit(path: Path, done: Reconciliation) -> None:
    """Write one test case for each store and damage."""
    suite = ET.Element("testsuite", name="evalgate simulate --reconcile")
    failures = 0
    for name, found in done.stores.items():
        for damage in _DAMAGES:
            case = ET.SubElement(
                suite, "testcase", classname=name, name=f"nothing {damage}"
            )
            failures += _judge(case, found, damage)
    suite.set("tests", str(len(done.stores) * len(_DAMAGES)))
    suite.set("failures", str(failures))
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _judge(case: ET.Element, found: Checked, damage: str) -> bool:
    count = getattr(found, damage)
    if count:
        failure = ET.SubElement(case, "failure", message=f"{count} {damage}")
        failure.text = "\n".join(found.examples.get(damage, []))
    return bool(count)
