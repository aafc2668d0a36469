"""[alerts] and [[recipients]]: what is whole, what is refused, what the page shows."""

import re
from pathlib import Path

import pytest

from gateway.app.wanted import wanted
from gateway.settings import Settings, SettingsError, load_settings

PAGE = Path(__file__).parents[4] / "docs" / "fleet.md"
BROKER = '[broker]\nurl = "mqtt://h"\n'
EMAIL = 'channel = "email"\nto = ["a@x.org"]\nsender = "e@x.org"\nsmtp_host = "m"\n'
HOOK = 'channel = "webhook"\nurl = "https://pager.example/hook"\n'


def load(folder: Path, text: str) -> Settings:
    path = folder / "gateway.toml"
    path.write_text(BROKER + text, "utf-8")
    return load_settings(path, {})


def test_the_example_of_the_page_can_be_used(tmp_path: Path) -> None:
    found = re.search(
        r"```toml\n(\[alerts\].*?)```", PAGE.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    for name in ("smtp.password", "pager.secret"):
        (tmp_path / name).write_text("secret", "utf-8")
    settings = load(tmp_path, found[1])
    alerting = wanted(settings).alerting
    people = {one["name"]: one for one in alerting["recipients"]}
    assert people.keys() == {"north-technician", "operations", "pager"}
    assert people["operations"]["after_minutes"] == 30
    assert alerting["cooldown_minutes"] == 15
    assert "secret" not in str(alerting)
    sinks = {spec.name: (spec.kind, spec.events) for spec in wanted(settings).sinks}
    assert sinks["pager"] == ("webhook", ("pager",))


def test_what_is_wanted_is_what_the_fold_keeps(tmp_path: Path) -> None:
    text = f'[[recipients]]\nname = "anna"\n{EMAIL}time_zone = "Europe/Berlin"\n'
    targets = '[fleet]\nfirmware_targets = { "ET-4" = "2.10" }\n'
    alerting = wanted(load(tmp_path, targets + text)).alerting
    assert alerting["firmware_targets"] == {"ET-4": "2.10"}
    assert alerting["recipients"][0]["time_zone"] == "Europe/Berlin"
    assert alerting["recipients"][0]["causes"] == ("*",)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (HOOK + 'severity = "info"', "did you mean severity_min?"),
        (HOOK + 'causes = ["Off line"]', "causes"),
        (HOOK + 'hours = "late"', "no weekday"),
        (HOOK + 'quiet_hours = "22-7"', "no hours"),
        (HOOK + 'time_zone = "Berlin"', "IANA"),
        (HOOK + 'severity_min = "huge"', "'info', 'warning' or 'critical'"),
        ('channel = "webhook"', "needs url"),
        ('channel = "email"', "needs to, sender and smtp_host"),
        ('channel = "pigeon"', "'email' or 'webhook'"),
        (HOOK + 'smtp_host = "m"', 'for channel = "email"'),
        (EMAIL + 'url = "https://h/x"', 'for channel = "webhook"'),
        (EMAIL.replace("a@x.org", "a b@x.org"), "must match"),
        (
            EMAIL + 'smtp_security = "none"\nusername = "a"\npassword = "b"',
            "never sent in the clear",
        ),
        (EMAIL + 'password_file = "nowhere"', "cannot read"),
        (EMAIL + 'ca_file = "gateway.toml"', "no certificates"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_told(
    tmp_path: Path, lines: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f'[[recipients]]\nname = "anna"\n{lines}\n')
    assert problem in str(caught.value)


def test_a_recipient_has_a_name_of_its_own_among_sinks(tmp_path: Path) -> None:
    backend = '[[backend]]\nname = "anna"\nurl = "https://h/x"\n'
    with pytest.raises(SettingsError, match="two sinks are named 'anna'"):
        load(tmp_path, f'{backend}[[recipients]]\nname = "anna"\n{HOOK}')


def test_a_webhook_that_anybody_could_send_is_told(tmp_path: Path) -> None:
    settings = load(tmp_path, f'[[recipients]]\nname = "anna"\n{HOOK}')
    assert list(settings.unsigned_backends()) == [
        "recipient anna: no secret_file: requests are not signed"
    ]
