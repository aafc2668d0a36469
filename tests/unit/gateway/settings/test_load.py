"""The configuration as operators write it."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from gateway.settings import Address, Settings, SettingsError, load_settings

BROKER = '[broker]\nurl = "mqtt://127.0.0.1"\n'


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    path = folder / "gateway.toml"
    path.write_text(text, "utf-8")
    return load_settings(path, environ or {})


def problems(
    folder: Path, text: str, environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text, environ)
    return caught.value.problems


def test_only_the_brokers_url_has_no_default(tmp_path: Path) -> None:
    assert load(tmp_path, BROKER).intake.receive_max == 2000
    assert problems(tmp_path, "[broker]\n") == ("broker.url: is missing: add it",)


def test_paths_are_relative_to_the_file_given_or_default(tmp_path: Path) -> None:
    settings = load(tmp_path, BROKER + '[fleet]\ndevices_file = "t/devices.csv"\n')
    assert settings.gateway.data_dir == tmp_path / "data"
    assert settings.gateway.keyring_file == tmp_path / "keyring"
    assert settings.fleet.devices_file == tmp_path / "t" / "devices.csv"


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load(tmp_path, BROKER)
    with pytest.raises(ValidationError, match="frozen"):
        settings.intake.receive_max = 1  # type: ignore[misc]  # what is refused


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[intke]\n", "intke: unknown key; did you mean intake?"),
        (
            "[intake]\nrecieve_max = 1\n",
            "intake.recieve_max: unknown key; did you mean receive_max?",
        ),
        (
            '[[influxdb]]\nnam = "x"\nbucket = "b"\n',
            "influxdb[0].nam: unknown key; did you mean name?",
        ),
        (
            "[backup]\nzzz = 1\n",
            "backup.zzz: unknown key; known are directory, every_hours, keep",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(
    tmp_path: Path, text: str, line: str
) -> None:
    assert problems(tmp_path, BROKER + text) == (line,)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    lines = problems(
        tmp_path,
        BROKER + '[intake]\nreceive_max = 0\nblock_delay_ms_max = "soon"\n'
        '[rules]\ntime_zone = "Asia/Shangai"\nlate_rating = "maybe"\n',
    )
    assert lines == (
        "intake.receive_max: must be at least 1",
        "intake.block_delay_ms_max: must be a whole number",
        (
            "rules.time_zone: 'Asia/Shangai' is no IANA time zone: "
            "write one like 'Asia/Shanghai'"
        ),
        "rules.late_rating: must be 'record_only', 'replace' or 'reject'",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[[influxdb]]\napi = "v1"\n',
            'influxdb[0]: api = "v1" needs database: name where points go',
        ),
        (
            "[[influxdb]]\n",
            'influxdb[0]: api = "v2" needs bucket (and org): name where points go',
        ),
        (
            '[[backend]]\nurl = "http://b"\nevents = ["ratings.*"]\n',
            "backend[0].events[0]: 'ratings.*' names no event; did you mean rating.*?",
        ),
        (
            '[[backend]]\nurl = "http://b"\nallow_addresses = ["10.1.2.3/16"]\n',
            (
                "backend[0].allow_addresses[0]: write a network like 10.1.0.0/16:"
                " 10.1.2.3/16 has host bits set"
            ),
        ),
        (
            "[intake]\nreceive_max = true\n",
            "intake: receive_max must be a number, not true or false",
        ),
        (
            "[[recipients]]\nsmtp_port = true\n",
            "recipients[0]: smtp_port must be a number, not true or false",
        ),
        (
            '[gateway]\ndata_dir = ""\n',
            "gateway.data_dir: is empty: name the folder that holds all data",
        ),
        (
            '[[backend]]\nurl = "ftp://b"\n',
            "backend[0].url: must look like http://HOST[:PORT] or https://HOST[:PORT]",
        ),
        (
            '[[backend]]\nurl = "http://u:p@b"\n',
            (
                "backend[0].url: credentials have keys of their own: "
                "take them out of the URL"
            ),
        ),
        (
            '[[backend]]\nurl = "http://a"\n[[backend]]\nurl = "http://b"\n',
            "two sinks are named 'backend': cursors go by name, rename one",
        ),
        (
            '[[backend]]\nname = "receipts"\nurl = "http://a"\n',
            "a sink cannot be named 'receipts': the gateway's own is",
        ),
        (
            '[[backend]]\nurl = "http://a"\nsecret = "whsec_*"\n',
            "backend[0].secret: after 'whsec_' there must be Base64",
        ),
        (
            "[retention]\njournal_days = 31\n",
            (
                "retention: journal_days must not exceed personal_days: "
                "the journal holds them too"
            ),
        ),
        (
            '[gateway]\nkeyring_file = "data/keys"\n',
            (
                "gateway: keyring_file must lie outside data_dir: "
                "who copies one has not both"
            ),
        ),
        (
            "[rules]\nsatisfied_levels = [5, 5]\n",
            "rules: satisfied_levels must name each level once, at least one",
        ),
        (
            "[rules]\nscore_map = { 5 = 5 }\n",
            "rules: score_map must give a score to each level from 1 to 5",
        ),
        (
            '[console]\nlisten = "8700"\n',
            'console.listen: must look like 127.0.0.1:8700 ("" switches it off)',
        ),
    ],
)
def test_a_fault_is_one_line_that_says_what_to_do(
    tmp_path: Path, text: str, line: str
) -> None:
    assert problems(tmp_path, BROKER + text) == (line,)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            'url = "http://h"',
            "broker.url: must look like mqtt://HOST[:PORT] or mqtts://HOST[:PORT]",
        ),
        (
            'url = "mqtt://h/evaluators"',
            (
                "broker.url: must end after the port: "
                "the topic's root has a key of its own"
            ),
        ),
        (
            'url = "mqtt://h"\nroot = "a/+"',
            "broker.root: must be topic levels like 'evaluators' or 'city/evaluators'",
        ),
        (
            'url = "mqtt://h"\nclient_id = "g"\nprobe_client_id = "g-down"',
            "broker: client_id, downlink_client_id, probe_client_id must differ",
        ),
        (
            'url = "mqtts://h"\ncert_file = "gateway.toml"',
            "broker: cert_file and key_file belong together: give both",
        ),
        (
            'url = "mqtt://h"\nca_file = "gateway.toml"',
            "broker: ca_file and cert_file need a url with mqtts://",
        ),
    ],
)
def test_the_brokers_keys_fit_each_other(tmp_path: Path, keys: str, line: str) -> None:
    assert problems(tmp_path, f"[broker]\n{keys}\n") == (line,)


def test_a_file_named_for_tls_must_exist(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, '[broker]\nurl = "mqtts://h"\nca_file = "ca.pem"\n')
    assert line.startswith(f"broker.ca_file: {tmp_path / 'ca.pem'} does not exist")


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://h", "h", 1883, False),
        ("mqtts://h", "h", 8883, True),
        ("mqtts://[::1]:9", "::1", 9, True),
    ],
)
def test_the_url_says_host_port_and_tls(
    tmp_path: Path, url: str, host: str, port: int, *, tls: bool
) -> None:
    broker = load(tmp_path, f'[broker]\nurl = "{url}"\n').broker
    assert (broker.host, broker.port, broker.tls) == (host, port, tls)


def test_downlink_and_probe_default_to_the_uplinks_credential(tmp_path: Path) -> None:
    broker = load(
        tmp_path,
        BROKER + 'client_id = "g"\nusername = "u"\npassword = "p"\n'
        'probe_username = "prober"\nprobe_password = "q"\n',
    ).broker
    assert broker.uplink == ("g", "u", SecretStr("p"))
    assert broker.downlink == ("g-down", "u", SecretStr("p"))
    assert broker.probe == ("g-probe", "prober", SecretStr("q"))


def test_a_secret_may_lie_in_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    settings = load(
        tmp_path, BROKER + '[[influxdb]]\nbucket = "b"\ntoken_file = "token"\n'
    )
    assert settings.influxdb[0].token == SecretStr("s3cret")
    assert "s3cret" not in repr(settings)


def test_two_lines_of_a_signing_secret_both_sign(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("whsec_bmV3\nwhsec_b2xk\n")
    settings = load(
        tmp_path, BROKER + '[[backend]]\nurl = "http://b"\nsecret_file = "secret"\n'
    )
    assert settings.backend[0].signing_secrets == (
        SecretStr("whsec_bmV3"),
        SecretStr("whsec_b2xk"),
    )


def test_a_secret_given_twice_or_not_readable_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    keys = BROKER + 'password_file = "{}"\n'
    assert "cannot read" in problems(tmp_path, keys.format("absent"))[0]
    assert "must hold one secret" in problems(tmp_path, keys.format("empty"))[0]
    assert problems(tmp_path, keys.format("empty") + 'password = "p"\n') == (
        "broker: password and password_file are both given: keep one",
    )


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        BROKER + '[[influxdb]]\nname = "Main"\nbucket = "b"\ntoken_file = "absent"\n',
        {
            "EVALGATE__INTAKE__RECEIVE_MAX": "7",
            "EVALGATE__RULES__SATISFIED_LEVELS": "[5]",
            "EVALGATE__INFLUXDB__MAIN__TOKEN": "t",
            "EVALGATE__INFLUXDB__0__BUCKET": "c",
            "EVALGATE_CRASH_POINT": "none of ours",
        },
    )
    assert settings.intake.receive_max == 7
    assert settings.rules.satisfied_levels == (5,)
    assert settings.influxdb[0].token == SecretStr("t")
    assert settings.influxdb[0].bucket == "c"


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        (
            "EVALGATE__INTAKE__RECIEVE_MAX",
            "1",
            "intake.recieve_max: unknown key; did you mean receive_max?",
        ),
        (
            "EVALGATE__INTAKE",
            "1",
            "EVALGATE__INTAKE: must look like EVALGATE__SECTION__KEY",
        ),
        (
            "EVALGATE__RULES__SATISFIED_LEVELS",
            "[5",
            (
                "EVALGATE__RULES__SATISFIED_LEVELS: not a TOML value: "
                "Unclosed array (at end of document)"
            ),
        ),
        (
            "EVALGATE__BACKEND__NOPE__URL",
            "x",
            "EVALGATE__BACKEND__NOPE__URL: the file has no entry named nope",
        ),
    ],
)
def test_a_variable_that_leads_nowhere_is_refused(
    tmp_path: Path, variable: str, value: str, line: str
) -> None:
    text = BROKER + '[[backend]]\nurl = "http://b"\n'
    assert problems(tmp_path, text, {variable: value}) == (line,)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "absent.toml", {})
    assert "not TOML" in problems(tmp_path, "broker = [\n")[0]
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="must be UTF-8"):
        load_settings(tmp_path / "bytes.toml", {})


def test_the_console_can_be_switched_off(tmp_path: Path) -> None:
    off = load(tmp_path, BROKER + '[console]\nlisten = ""\n')
    assert off.console.address is None
    on = load(tmp_path, BROKER + '[console]\nlisten = "[::1]:0"\n')
    assert on.console.address == Address("::1", 0)


def test_tables_that_are_not_there_yet_are_told(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").touch()
    settings = load(
        tmp_path,
        BROKER + '[fleet]\nsites_file = "sites.csv"\ndevices_file = "devices.csv"\n'
        'profiles_dir = "profiles"\n[rules]\ncalendar_file = "calendar.csv"\n',
    )
    keys = [line.partition(":")[0] for line in settings.absent_tables()]
    assert keys == ["fleet.devices_file", "fleet.profiles_dir", "rules.calendar_file"]
