import pytest

from device_protocol.levels import parse_level

FULL_WIDTH_FIVE = "\N{FULLWIDTH DIGIT FIVE}"


@pytest.mark.parametrize(
    "value", [5, 5.0, "5", " 5 ", "\t5\u3000", FULL_WIDTH_FIVE, "非常满意"]
)
def test_what_means_five_is_five(value: object) -> None:
    level = parse_level(value)
    assert level == 5
    assert type(level) is int


@pytest.mark.parametrize(
    ("label", "level"),
    [("非常满意", 5), ("满意", 4), ("一般", 3), ("不满意", 2), ("非常不满意", 1)],
)
def test_labels_of_the_default_scale(label: str, level: int) -> None:
    assert parse_level(label) == level


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, None, "", " ", 0, 6, -1, 5.5, 4.999, [5], {"level": 5}),
        *(
            "0",
            "6",
            "05",
            "+5",
            "5.0",
            "5e0",
            "\uff15\uff15",
            "\u2464",
            "\u0665",
            "V",
            "five",
            "差",
        ),
        *(float("nan"), float("inf"), 10**30, " " * 70 + "5"),
    ],
)
def test_nothing_is_ever_guessed(value: object) -> None:
    assert parse_level(value) is None


def test_labels_of_a_device_take_the_place_of_the_default_ones() -> None:
    labels = {"好": 5, "差": 1}
    assert parse_level("好", labels) == 5
    assert parse_level("非常满意", labels) is None
    assert parse_level("3", labels) == 3
