"""Profiles as operators write them."""

import re
from pathlib import Path

import pytest

from device_protocol.profiles import (
    Inspection,
    KeyMap,
    Limits,
    Profile,
    Scale,
    TimeFormat,
)
from gateway.settings import SettingsError
from gateway.settings.profile_tables import InspectionTable, LimitsTable
from gateway.settings.profiles import (
    PROFILES_MAX,
    ProfileTable,
    load_profile,
    load_profiles,
)


def problems(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "maker.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_profile(path)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            'charset = "gb18031"',
            "charset: no character set 'gb18031'; did you mean gb18030?",
        ),
        ("heartbeat = 3", "heartbeat: must be a table"),
        ("heartbeat_interval_s = 5", "heartbeat_interval_s: must be at least 10"),
        (
            "heartbeet_interval_s = 60",
            "heartbeet_interval_s: unknown key; did you mean heartbeat_interval_s?",
        ),
        (
            "[limits]\nburst = 3",
            "limits.burst: unknown key; did you mean burst_elements?",
        ),
        (
            '[rating]\nfeilds.level = "x"',
            "rating.feilds: unknown key; did you mean fields?",
        ),
        (
            '[rating.fields]\nlevle = "x"',
            "rating.fields: no field 'levle'; did you mean level?",
        ),
        (
            '[heartbeat.fields]\nlevel = "x"',
            "heartbeat.fields: no field 'level'; known are battery_mv, ",
        ),
        (
            '[common.fields]\nlevel = "x"',
            "common.fields: no field 'level'; known are boot_id, ",
        ),
        (
            '[rating.fields]\nlevel = "x"\nkey = "x"',
            "rating: fields: level and key both stand at 'x'",
        ),
        (
            '[rating.fields]\nlevel = "a..b"',
            "rating.fields.level: must be names like 'score' or 'data.score'",
        ),
        (
            "[rating.values.level]\nx = 5",
            "rating: values.level: what means which level stands in [scale]",
        ),
        (
            '[rating]\nsplits.comment = ","',
            "rating: splits.comment: no list; lists are attributions, ",
        ),
        ("[scale]\nlabels = {}", "scale.labels: "),
        ('[scale]\nlabels = { "x" = 6 }', "scale.labels.x: must be at most 5"),
        (
            '[scale]\nlabels = { "x" = 5, "y" = 1 }\nscores = { 5 = 10 }',
            "scale: scores must give one value to each level of 5, 1",
        ),
        (
            '[scale]\nname = "5"\nlabels = { "x" = 5 }\nscores = { 5 = 10 }',
            "scale: scores of its own need a name of its own",
        ),
        (
            '[scale]\nlabels = { "1" = 5, "\uff11" = 4 }',
            "scale.labels: '1' means two levels: keep one",
        ),
        (
            '[time]\nformats = ["%Y-%m-%d"]',
            "time.formats[0]: a time without %H is no time: add it",
        ),
        ('[time]\nzone = "Asia/Shanghai"', "time.zone: must match "),
        (
            "[[key_maps]]\nrevision = 1\nlevels = { 16 = 5 }",
            "key_maps[0].levels: key 16: keys are 0 to 15",
        ),
        (
            "[[key_maps]]\nrevision = 1\nfrom = 2026-01-01T00:00:00\nlevels = {1 = 5}",
            "key_maps[0].from: must have an offset, like 2026-01-01T00:00:00+08:00",
        ),
        (
            (
                "[[key_maps]]\nrevision = 1\nlevels = {1 = 5}\n"
                "[[key_maps]]\nrevision = 2\nlevels = {1 = 4}"
            ),
            "key_maps: revision 2 must say from when it holds: add from",
        ),
        (
            (
                "[[key_maps]]\nrevision = 2\nlevels = {1 = 5}\n"
                "[[key_maps]]\nrevision = 2\nfrom = 2026-01-01T00:00:00Z\n"
                "levels = {1 = 4}"
            ),
            "key_maps: revision 2 must be above 2",
        ),
        (
            (
                '[scale]\nlabels = { "x" = 5 }\n'
                "[[key_maps]]\nrevision = 1\nlevels = {1 = 4}"
            ),
            "key_maps: revision 1, key 1: the scale has no level 4",
        ),
        ("[inspection]", "inspection: give every_days or every_presses"),
        ("a = [", "not TOML: "),
    ],
)
def test_a_fault_names_the_key_and_says_what_to_do(
    tmp_path: Path, text: str, problem: str
) -> None:
    [line] = problems(tmp_path, text)

    assert line.startswith(problem)


def test_a_profile_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    (tmp_path / "maker.toml").write_bytes('description = "评价"'.encode("gb18030"))

    with pytest.raises(SettingsError, match="a profile is UTF-8"):
        load_profiles(tmp_path)


def test_faults_of_all_files_are_named_with_the_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text("reporting = 'often'", "utf-8")

    with pytest.raises(SettingsError) as caught:
        load_profiles(tmp_path)

    assert [line.split(": ", 1) for line in caught.value.problems] == [
        [str(tmp_path / f"{name}.toml"), "reporting: must be 'realtime' or 'batch'"]
        for name in ("a", "b")
    ]


def test_there_is_a_bound_on_profiles(tmp_path: Path) -> None:
    for number in range(PROFILES_MAX + 1):
        (tmp_path / f"p{number}.toml").touch()

    with pytest.raises(SettingsError, match=f"more than {PROFILES_MAX} profiles"):
        load_profiles(tmp_path)


def test_a_scale_counts_the_same_in_all_profiles(tmp_path: Path) -> None:
    for name, score in (("a", 10), ("b", 10), ("c", 9)):
        text = f'[scale]\nlabels = {{ "x" = 5 }}\nscores = {{ 5 = {score} }}'
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")

    with pytest.raises(SettingsError) as caught:
        load_profiles(tmp_path)

    (line,) = caught.value.problems
    assert line == (
        f"{tmp_path / 'c'}.toml: scale.scores: a.toml has others for the scale '1': "
        "give one of them another name"
    )


def test_an_empty_file_is_the_protocol_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "native.toml").touch()

    profile = load_profiles(tmp_path)["native"]

    assert (profile.charset, profile.channels, profile.scale) == ("utf-8", {}, None)
    assert (profile.heartbeat_interval_s, profile.limits) == (60, Limits())


def test_a_whole_profile_becomes_its_record(tmp_path: Path) -> None:
    path = tmp_path / "maker.toml"
    path.write_text(
        """
charset = "GB2312"
session_mode = "required"
[time]
zone = "-03:30"
epoch = "ms"
[scale]
labels = { "good" = 5, " bad " = 1 }
[common]
own_names = false
fields = { seq = "n", mode = "m" }
texts = ["boot_id"]
[rating]
fields = { level = "g", mode = "x.y" }
[[key_maps]]
revision = 4
from = 2026-01-01T00:00:00+08:00
levels = { 01 = 5 }
[inspection]
every_presses = 10000
checklist = ["clean"]
""",
        "utf-8",
    )

    profile = load_profile(path)

    assert (profile.charset, profile.session_mode) == ("gb18030", "required")
    assert profile.time == TimeFormat(epoch="ms", offset_min=-210)
    assert profile.scale == Scale(name="2", labels={"good": 5, "bad": 1})
    assert profile.key_maps == (
        KeyMap(revision=4, levels={"1": 5}, from_ms=1_767_196_800_000),
    )
    assert profile.inspection == Inspection(every_presses=10_000, checklist=("clean",))
    rating, reply = profile.channels["rating"], profile.channels["reply"]
    assert rating.fields == {"seq": "n", "mode": "x.y", "level": "g"}
    assert reply.fields == {"seq": "n", "mode": "m"}
    assert (rating.own_names, reply.own_names) == (False, False)
    assert rating.texts == ("boot_id",)


ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "profiles.md").read_text("utf-8")


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
def test_every_example_of_the_page_is_a_profile(tmp_path: Path, example: str) -> None:
    path = tmp_path / "example.toml"
    path.write_text(example, "utf-8")

    assert load_profile(path) != Profile()


def test_the_page_names_every_key() -> None:
    table = PAGE[PAGE.index("## The file") : PAGE.index("## Fields")]
    named = set(re.findall(r"`\[*(\w+)\]*`", table))

    assert set(ProfileTable.model_fields) <= named
    assert set(LimitsTable.model_fields) <= named
    assert set(InspectionTable.model_fields) <= named
