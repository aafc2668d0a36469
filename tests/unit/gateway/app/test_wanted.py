"""Tables from files: whole or not at all, and a line that says what is wrong."""

from pathlib import Path

import pytest

from gateway.app.wanted import read_table
from gateway.errors import PermanentError

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
