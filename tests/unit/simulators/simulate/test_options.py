"""The command line changes a scenario, and finds addresses where they are written."""

from pathlib import Path

import pytest

from simulators.simulate import options
from simulators.simulate.scenario import ScenarioError, find

CONFIG = """\
[broker]
url = "mqtt://10.0.0.5:1884"
root = "north/hall"

[console]
listen = "127.0.0.1:9000"

[[influxdb]]
name = "main"
api = "v1"
url = "http://127.0.0.1:8086"
database = "ratings"
"""


def test_one_stage_replaces_those_of_the_scenario() -> None:
    asked = options.parse(
        ["city", "--terminals", "7", "--rate", "9", "--seconds", "11"]
    )
    scenario = options.changed(find("city"), asked)
    assert scenario.population.terminals == 7
    assert [(one.rate, one.duration_s) for one in scenario.stages] == [(9, 11)]
    assert scenario.faults == find("city").faults


def test_number_beyond_its_bound_is_refused() -> None:
    with pytest.raises(ScenarioError, match="less than or equal to 5000"):
        options.changed(find("quiet"), options.parse(["quiet", "--rate", "100000"]))


def test_addresses_come_from_the_gateways_file(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, "utf-8")
    asked = options.parse(["quiet", "--config", str(path)])
    order, stores = options.order(asked), options.stores(asked)
    assert (order.host, order.port, order.root) == ("10.0.0.5", 1884, "north/hall")
    assert stores.api == "http://127.0.0.1:9000"
    assert (stores.influx1, stores.database) == ("http://127.0.0.1:8086", "ratings")


def test_one_account_serves_all_terminals(tmp_path: Path) -> None:
    path = tmp_path / "hall.password"
    path.write_text("secret\n", "utf-8")
    words = ["quiet", "--username", "hall", "--password-file", str(path)]
    order = options.order(options.parse(words))
    assert (order.username, order.password) == ("hall", b"secret")
    path.unlink()
    with pytest.raises(ScenarioError, match=r"hall\.password: No such file"):
        options.order(options.parse(words))


def test_a_name_without_its_password_is_wrong_usage() -> None:
    with pytest.raises(SystemExit):
        options.parse(["quiet", "--username", "hall"])


def test_listener_with_tls_needs_another(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[broker]\nurl = "mqtts://10.0.0.5:8883"\n', "utf-8")
    with pytest.raises(ScenarioError, match="plain MQTT"):
        options.order(options.parse(["quiet", "--config", str(path)]))


def test_without_options_it_is_this_machine() -> None:
    asked = options.parse(["quiet"])
    order = options.order(asked)
    assert (order.host, order.port, order.root) == ("127.0.0.1", 1883, "evaluators")
    assert options.stores(asked).api == "http://127.0.0.1:8700"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["quiet", "--gateway", "--broker", "127.0.0.1:1"],
        ["quiet", "--keep", "x"],
        ["quiet", "--junit", "x"],
        ["quiet", "--rate", "0"],
    ],
)
def test_wrong_usage_ends_with_status_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options.parse(words)
    assert ended.value.code == 2
