"""What tells who somebody is is left out of what they wrote."""

import pytest

from gateway.ratings.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call 13800138000 now", "call *** now"),
        ("+86 (138) 0013-8000!", "***!"),
        ("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18", "***"),
        ("ID 11010519491231002X", "ID ***"),
        ("li@example.org, please", "***, please"),
        ("see https://example.org/me?x=1 there", "see *** there"),
        ("window 12, 30 minutes, 5 of 5", "window 12, 30 minutes, 5 of 5"),
        ("", ""),
    ],
)
def test_numbers_and_addresses_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_customers_own_contact_is_masked_wherever_it_stands() -> None:
    assert masked("I am Li Wei, Li Wei!", "Li Wei") == "I am ***, ***!"
