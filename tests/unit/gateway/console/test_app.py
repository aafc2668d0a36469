"""What the application has ready before anybody asks."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.dependencies import utils as dependencies

from tests.support.api import Api, contract


async def test_the_first_request_builds_no_route(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract()  # another application, which is built whole
    built: list[object] = []
    build = dependencies.get_dependant

    def noted(*, path: str, call: Callable[..., Any], **more: Any) -> object:  # noqa: ANN401 -- handed on
        built.append(path)
        return build(path=path, call=call, **more)

    monkeypatch.setattr("fastapi.routing.get_dependant", noted)
    answer = await api.get("/api/v1/devices")
    assert answer.status_code == 200
    assert built == []
