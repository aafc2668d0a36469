"""What the container files promise, as far as it can be read off them."""

import json
import os
import re
import tomllib

import jsonschema_rs
import pytest

from tests.architecture.tree import ROOT, relative
from tests.support.compose import compose, mounts, services

SCHEMA = ROOT / "tests" / "support" / "schemas" / "compose-spec.json"
EXACT = re.compile(r"[a-z-]+:\d+\.\d+\.\d+(-[a-z-]+)?")
OURS = "evalgate:local"
AS_ROOT = {"prepare"}
"""Hands secrets to their owners; it has no network and ends before the others start."""

every_service = pytest.mark.parametrize("name", sorted(services()))
LASTING = [name for name, it in services().items() if it["restart"] == "unless-stopped"]


def test_the_compose_file_keeps_the_published_schema() -> None:
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8"))).validate(
        compose()
    )


@every_service
def test_images_have_exact_tags(name: str) -> None:
    image = services()[name]["image"]
    assert image == OURS or EXACT.fullmatch(image)


def test_the_image_is_built_on_an_exact_tag_too() -> None:
    bases = re.findall(
        r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE
    )
    assert len(bases) == 2
    assert all(EXACT.fullmatch(base) for base in bases)


@every_service
def test_what_is_mounted_from_the_checkout_is_there_and_read_only(name: str) -> None:
    for source, target, is_read_only in mounts(name):
        if not source.startswith("./"):
            assert source in compose()["volumes"]
            continue
        assert is_read_only
        path = ROOT / source
        assert path.is_file()
        if target in [*services()[name].get("entrypoint", []), "/accounts"]:
            assert os.access(path, os.X_OK)


@every_service
def test_a_container_may_do_little(name: str) -> None:
    service = services()[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name in AS_ROOT:
        assert service["network_mode"] == "none"
    elif service["image"] == OURS:
        assert "user" not in service, "the image names it"
        assert "cap_add" not in service
    else:
        assert not service["user"].startswith("0:")
        assert "cap_add" not in service


def test_the_image_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^USER (.*)", text, re.MULTILINE) == ["10001:10001"]


@every_service
def test_what_a_container_writes_is_bounded(name: str) -> None:
    assert services()[name]["logging"]["options"]["max-size"]


def test_nothing_is_open_to_other_machines() -> None:
    published = [one for it in services().values() for one in it.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_has_a_health_check_and_time_to_stop(name: str) -> None:
    assert services()[name]["healthcheck"]["test"]
    assert services()[name]["stop_grace_period"] == "30s"


@every_service
def test_nobody_waits_for_what_is_not_started(name: str) -> None:
    for other in services()[name].get("depends_on", {}):
        profiles = services()[other].get("profiles", [])
        assert set(profiles) <= set(services()[name].get("profiles", []))


def test_no_secret_stands_in_the_file() -> None:
    for service in services().values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert value.startswith("/secrets/")


def test_the_image_holds_every_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = (ROOT / "Dockerfile").read_text("utf-8")
    context = (ROOT / ".dockerignore").read_text("utf-8")
    links = [
        relative(path.resolve())
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_symlink()
    ]
    for part in [*packages, *links]:
        assert f"\nCOPY {part} {part}\n" in copied
        assert f"\n!{part}\n" in context


def test_the_containers_broker_is_the_profile_in_other_places() -> None:
    def lines(folder: str) -> list[str]:
        text = (ROOT / "config" / folder / "mosquitto.conf").read_text("utf-8")
        for place, other in (
            ("/usr/lib/x86_64-linux-gnu/", "/usr/lib/"),
            ("/var/lib/mosquitto/", "/mosquitto/data/"),
            ("/etc/mosquitto/certs/", "/mosquitto/config/certs/"),
            ("listener 1884 127.0.0.1", "listener 1884"),
        ):
            text = text.replace(place, other)
        return [line for line in text.splitlines() if not line.startswith("#")]

    assert lines("containers") == lines("mosquitto")
