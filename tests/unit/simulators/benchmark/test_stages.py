"""The stage table: every CPU second sampled stands in one stage of its role."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.benchmark.stages import (
    STAGES,
    by_stage,
    environment,
    sampled,
    stage_of,
    table,
)

NAME = "gateway.processing.memory.counting"
BUSY = f"""
import os, sys, time, types
NAME = "{NAME}"
gateway = types.ModuleType(NAME)
code = "def count(until_s):\\n while time.process_time() < until_s: pass"
exec(code, dict(__name__=NAME, time=time), vars(gateway))
child = os.fork()
gateway.count(0.3)
if child:
    os.waitpid(child, 0)
    print(child)
"""


@pytest.mark.parametrize("name", sorted(STAGES))
def test_every_name_of_the_table_is_in_the_code(name: str) -> None:
    module, _, function = name.partition(":")
    source = Path(str(importlib.import_module(module).__file__)).read_text("utf-8")
    assert f"def {function}(" in source or not function


def test_the_longest_name_decides_and_what_has_none_is_the_rest() -> None:
    assert stage_of("process", "gateway.ledger.ratings:insert_plain") == "rating"
    assert stage_of("process", "gateway.ledger.ratings:scopes") == "session"
    assert stage_of("process", "device_protocol.codec:decode") == "decode"
    assert stage_of("process", "gateway.processing.fold:_block") == "rest"
    assert stage_of("process", "elsewhere") == "rest"


def test_other_roles_are_told_by_package() -> None:
    assert stage_of("deliver", "gateway.sinks.http:send") == "sinks"
    assert stage_of("deliver", "device_protocol.timestamps:text") == "device_protocol"
    assert stage_of("ingest", "gateway.cli.run:run") == "event loop"


def test_only_what_was_spent_meanwhile_counts() -> None:
    before, after = {"gateway.mqtt.link:read": 2.0}, {"gateway.mqtt.link:read": 2.5}
    after |= {"gateway.mqtt.link:write": 0.25, "gateway.journal.block:pack": 1.0}
    assert by_stage("ingest", before, after) == {"journal": 1.0, "mqtt": 0.75}


def test_the_table_adds_up_to_what_the_role_has_spent() -> None:
    lines = table({"process": 20.0}, {"process": {"session": 12.5, "commit": 6.0}})
    assert [line.split()[-2] for line in lines] == ["20.00", "12.50", "6.00", "1.50"]


def test_a_process_and_what_it_forks_are_sampled_apart(tmp_path: Path) -> None:
    samples = tmp_path / "samples"
    process = subprocess.Popen(
        [sys.executable, "-c", BUSY],
        env=environment(samples),
        stdout=subprocess.PIPE,
        text=True,
    )
    told, _ = process.communicate(timeout=20)
    for pid in (process.pid, int(told)):
        spent = sampled(samples, pid)
        assert 0.1 < spent[f"{NAME}:count"] < 0.4, json.dumps(spent)
    assert sampled(samples, 1) == {}
