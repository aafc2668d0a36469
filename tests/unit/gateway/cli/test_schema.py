import json
from typing import Any

import jsonschema_rs
import pytest

from device_protocol.topics import Channel
from gateway.cli import main
from gateway.events import EVENTS
from gateway.events.registry import NOTICES


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401 -- any JSON
    assert main(["schema", *words]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["schema", *words])
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_all_schemas_are_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    schemas = printed(capsys, "json")
    assert set(schemas) == {*map(str, Channel), *EVENTS, *NOTICES}
    for schema in schemas.values():
        jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("name", ["session", "rating.recorded"])
def test_one_schema_is_asked_for_by_name(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert printed(capsys, "json", name)["title"] == name


def test_examples_of_the_asyncapi_document_fit_its_schemas(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = printed(capsys, "asyncapi")
    for channel, message in document["components"]["messages"].items():
        schema = {**message["payload"], "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(schema)
        assert len(message["examples"]) >= 2, channel
        for example in message["examples"]:
            validator.validate(example["payload"])


def test_the_api_is_described_without_a_gateway(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = printed(capsys, "openapi")
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/ratings" in document["paths"]


@pytest.mark.parametrize("words", [["--json"], ["--json", "json"], ["json", "--json"]])
def test_programs_read_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["schema", *words]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_list_says_who_speaks_to_whom(capsys: pytest.CaptureFixture[str]) -> None:
    items = {item["name"]: item for item in printed(capsys, "--json")["items"]}
    assert items["rating"]["kind"] == "terminal to gateway"
    assert items["receipt"]["kind"] == "gateway to terminal"
    assert items["alert.opened"]["kind"] == "gateway to backend"
    main(["schema"])
    assert "gateway to terminal" in capsys.readouterr().out


def test_an_unknown_name_is_told_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "did you mean session?" in refused(capsys, "json", "sesion")
    assert "choose json, asyncapi, openapi" in refused(capsys, "protobuf")
