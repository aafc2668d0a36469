"""Tables from files: whole or not at all, and a line that says what is wrong."""

from pathlib import Path

import pytest

from gateway.app.wanted import read_table, wanted
from gateway.errors import PermanentError
from gateway.settings import Settings, SettingsError, load_settings

BOM = "\ufeff"


def table(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.csv"
    path.write_bytes(text.encode())
    return path


def test_a_table_as_a_spreadsheet_writes_it_is_read(tmp_path: Path) -> None:
    text = BOM + 'device_id,site,labels\r\ndev-1,hall,"a;b"\r\ndev-2,,\r\n'
    read = read_table("devices", table(tmp_path, "devices", text))
    rows = ({"device_id": "dev-1", "site": "hall", "labels": "a;b"},)
    assert read.rows == (*rows, {"device_id": "dev-2"})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "devices",
            "device_id,sitee\ndev-1,hall\n",
            "devices have no column 'sitee': did you mean site?",
        ),
        ("devices", "id,site\ndev-1,hall\n", "the header lacks the column device_id"),
        ("devices", "device_id\ndev-1,hall\n", "line 2: more cells than the header"),
        ("devices", "device_id\n\ndev-1\ndev 2\n", "line 4: no device id: 'dev 2'"),
        ("devices", "device_id,lifecycle\nd,activ\n", "line 2: no lifecycle 'activ'"),
        (
            "windows",
            "id,name\nw1,one\nw2,two\nw1,three\n",
            "line 4: the same id as line 2",
        ),
        ("bindings", "device_id,window,from\nd,w,yesterday\n", "line 2: "),
        ("closures", "site,from,to\nh,2026-01-02T00:00Z,2026-01-01T00:00Z\n", "later"),
        ("sites", "id,parent\na,b\nb,a\n", "its own ancestor"),
        ("sites", "id,time_zone\na,Mars/Olympus\n", "'Mars/Olympus' is no IANA time"),
    ],
)
def test_what_could_not_be_put_in_force_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    path = table(tmp_path, name, text)
    with pytest.raises(PermanentError) as refused:
        read_table(name, path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def settings(folder: Path, text: str) -> Settings:
    path = folder / "gateway.toml"
    path.write_text(f'[broker]\nurl = "mqtt://127.0.0.1"\n{text}', "utf-8")
    return load_settings(path, {})


def test_rules_of_sites_are_wanted_with_their_days_and_calendars(
    tmp_path: Path,
) -> None:
    (tmp_path / "sites.csv").write_text("id,calendar\nny,us\nsh,\nhk,china\n")
    (tmp_path / "own.csv").write_text("date,kind\n2026-11-23,work\n")
    text = (
        '[fleet]\nsites_file = "sites.csv"\n'
        '[[site_rules]]\nsite = "berlin"\ncalendar = "DE"\nlate_rating = "replace"\n'
        '[[site_rules]]\nsite = "sh"\ncalendar_file = "own.csv"\nscore_map = '
        "{ 5 = 100, 4 = 80, 3 = 60, 2 = 30, 1 = 0 }\n"
    )
    found = wanted(settings(tmp_path, text))
    scores = {"5": 100.0, "4": 80.0, "3": 60.0, "2": 30.0, "1": 0.0}
    assert found.site_rules == {
        "berlin": {"calendar": "DE", "late_rating": "replace"},
        "sh": {"score_map": scores, "calendar_days": {"2026-11-23": "work"}},
    }
    assert list(found.calendars) == ["DE", "US"]
    assert found.calendars["DE"]["days"]["2026-05-01"] == "rest"
    plain = wanted(settings(tmp_path, '[fleet]\nsites_file = "sites.csv"\n'))
    assert plain.digest() != found.digest()
    assert list(plain.calendars) == ["US"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            '[[site_rules]]\nsite = "a"\nlate_ratng = "reject"\n',
            "site_rules[0].late_ratng: unknown key; did you mean late_rating?",
        ),
        (
            '[[site_rules]]\nsite = "a"\nevent_age_days_max = 9\n',
            "site_rules[0]: event_age_days_max is one for all sites: set it in [rules]",
        ),
        ("[[site_rules]]\nmin_n = 9\n", "site_rules[0].site: is missing: add it"),
        (
            '[[site_rules]]\nsite = "a"\n[[site_rules]]\nsite = "a"\n',
            "site_rules: 2 tables of the site 'a': make one of them",
        ),
    ],
)
def test_rules_of_a_site_that_cannot_be_meant_are_refused(
    tmp_path: Path, text: str, line: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, text)
    assert refused.value.problems == (line,)
