"""What is said of the data directory."""

import errno
import os
from pathlib import Path

import pytest

from gateway.app.doctor import Level
from gateway.app.doctor.disk import (
    Room,
    examine,
    file_system,
    flushed,
    kind_of,
    owned,
    room,
    writable,
)
from gateway.app.paths import Paths
from gateway.settings import load_settings
from gateway.supervisor import directory_lock, prepare
from tests.support.findings import Findings

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL
GIB = 1 << 30

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:25 / /run rw - tmpfs tmpfs rw
41 22 0:44 / /srv/share\\040one rw - nfs4 nas:/one rw
42 22 0:45 / /data rw - overlay overlay rw
43 42 8:2 / /data/inner rw master:3 - xfs /dev/sdb rw
"""


def paths(tmp_path: Path, data_dir: str = "data") -> Paths:
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[gateway]\ndata_dir = "{data_dir}"\n[broker]\nurl = "mqtt://h"\n', "utf-8"
    )
    return Paths(load_settings(config, {}))


def test_a_directory_that_is_still_to_be_made_is_tried_where_it_will_be(
    tmp_path: Path,
) -> None:
    findings = Findings(examine(paths(tmp_path, "deep/below/data")))
    assert "made at the first start" in findings["place"].detail
    assert {"room", "flush", "lock"} <= set(findings)
    assert [path.name for path in tmp_path.iterdir()] == ["gateway.toml"]


def test_a_socket_needs_a_short_name(tmp_path: Path) -> None:
    findings = Findings(examine(paths(tmp_path, "long" * 30)))
    assert findings["place"].level is FAIL


def test_who_has_the_directory_is_told_without_a_lock_of_ours(tmp_path: Path) -> None:
    place = paths(tmp_path)
    prepare(place.data_dir)
    assert Findings(examine(place))["holder"].detail == "no gateway has it now"
    with directory_lock(place.data_dir):
        holder = Findings(examine(place))["holder"].detail
    assert holder == f"the gateway of process {os.getpid()} has it"


def test_a_file_stands_where_the_directory_belongs(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    findings = Findings(examine(paths(tmp_path)))
    assert findings["permissions"].level is FAIL
    assert findings["writable"].level is FAIL


@pytest.mark.parametrize(("mode", "level"), [(0o700, OK), (0o755, WARN), (0o770, WARN)])
def test_the_directory_is_for_one_user(tmp_path: Path, mode: int, level: Level) -> None:
    tmp_path.chmod(mode)
    assert Findings(owned(tmp_path))["permissions"].level is level


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_directory_of_another_user(tmp_path: Path) -> None:
    os.chown(tmp_path, 4242, -1)
    findings = Findings(owned(tmp_path))
    assert findings.troubles() == {"permissions": WARN}
    assert "uid 4242" in findings["permissions"].detail


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/var/lib/evalgate", "ext4"),
        ("/run/evalgate", "tmpfs"),
        ("/srv/share one/x", "nfs4"),
        ("/data/x", "overlay"),
        ("/data/inner/x", "xfs"),
        ("/database", "ext4"),
    ],
)
def test_the_deepest_mount_decides_the_kind(directory: str, kind: str) -> None:
    assert kind_of(Path(directory), MOUNTS) == kind


@pytest.mark.parametrize(
    ("directory", "level"),
    [("/var/lib", OK), ("/run/x", WARN), ("/data/x", WARN), ("/srv/share one", FAIL)],
)
def test_a_file_system_that_does_not_keep_its_word(
    directory: str, level: Level
) -> None:
    assert file_system(Path(directory), MOUNTS).level is level


@pytest.mark.parametrize(
    ("it", "level"),
    [
        (Room(50 * GIB, 100 * GIB, 10**6), OK),
        (Room(50 * GIB, 100 * GIB, None), OK),
        (Room(GIB, 100 * GIB, 10**6), WARN),
        (Room(GIB // 8, 100 * GIB, 10**6), FAIL),
        (Room(50 * GIB, 100 * GIB, 3), FAIL),
    ],
)
def test_room(it: Room, level: Level) -> None:
    finding = room(it)
    assert finding.level is level
    assert bool(finding.advice) == (level is not OK)


@pytest.mark.parametrize(("median_ms", "level"), [(2, OK), (60, WARN), (900, FAIL)])
def test_how_long_a_flush_takes(median_ms: float, level: Level) -> None:
    assert flushed(median_ms, median_ms).level is level


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (errno.ENOSPC, "room"),
        (errno.EDQUOT, "room"),
        (errno.EROFS, "writable"),
        (errno.EACCES, "writable"),
        (errno.ENOLCK, "lock"),
        (errno.EIO, "writable"),
    ],
)
def test_a_disk_that_refuses(tmp_path: Path, number: int, name: str) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    findings = Findings(writable(tmp_path, fsync))
    assert findings.troubles() == {name: FAIL}
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
