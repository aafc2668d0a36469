"""What the application has ready before anybody asks."""

import fastapi.routing
import pytest

from tests.support.api import Api, contract


async def test_the_first_request_builds_no_route(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract()  # another application, which is built whole
    built: list[object] = []
    build = fastapi.routing.get_dependant

    def noted(**named: object) -> object:
        built.append(named["path"])
        return build(**named)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr(fastapi.routing, "get_dependant", noted)
    answer = await api.get("/api/v1/devices")
    assert answer.status_code == 200
    assert built == []
