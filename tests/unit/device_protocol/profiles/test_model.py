"""Scales and key maps."""

import pytest

from device_protocol.profiles import KeyMap, Profile, Scale

FOUR = Scale(name="4", labels={"非常满意": 5, "满意": 4, "不满意": 2, "非常不满意": 1})
FACES = Scale(name="3", labels={"2": 5, "1": 3, "0": 1})
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("raw", "level"),
    [("满意", 4), (" 满意 ", 4), (5, 5), ("5", 5), ("\uff12", 2), (4.0, 4)],
)
def test_a_scale_knows_its_labels_and_the_numbers_of_its_levels(
    raw: object, level: int
) -> None:
    assert FOUR.level_of(raw) == level


@pytest.mark.parametrize(
    "raw", [3, "3", "一般", "satisfied", "", None, True, 4.5, [5], "满" * 65]
)
def test_what_is_not_on_the_scale_is_never_guessed(raw: object) -> None:
    assert FOUR.level_of(raw) is None


def test_where_numbers_mean_faces_no_number_is_a_level() -> None:
    faces = {0: 1, 1: 3, 2: 5, "2": 5, "\uff11": 3}
    assert {raw: FACES.level_of(raw) for raw in faces} == faces
    assert [FACES.level_of(raw) for raw in (3, 4, 5, "5", -1)] == [None] * 5


def test_a_key_means_what_it_meant_at_the_event() -> None:
    profile = Profile(
        key_maps=(
            KeyMap(revision=1, levels={"1": 5, "4": 1}),
            KeyMap(revision=2, levels={"1": 5, "4": 2}, from_ms=DAY_MS),
        )
    )

    assert profile.level_of(4, DAY_MS - 1) == 1
    assert profile.level_of(4, DAY_MS) == 2
    assert profile.level_of(3, DAY_MS) is None


def test_before_its_first_key_map_no_key_means_anything() -> None:
    later = KeyMap(revision=1, levels={"1": 5}, from_ms=DAY_MS)

    assert Profile(key_maps=(later,)).level_of(1, DAY_MS - 1) is None
    assert Profile().level_of(1, DAY_MS) is None


def test_the_scale_is_named_for_the_tags_of_points() -> None:
    assert Profile().scale_name == "5"
    assert Profile(scale=FOUR).scale_name == "4"
