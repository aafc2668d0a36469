"""Random spot checks can be drawn again by anybody who knows the seed."""

import pytest

from fleet.spot_checks import draw

SITES: dict[str, str | None] = {f"d-{n}": f"site-{n % 7}" for n in range(100)}


def test_a_seed_draws_the_same_for_ever() -> None:
    # Written down once: another version or machine must draw these, too.
    assert draw(SITES, 5, "2026-11").devices == ("d-41", "d-90", "d-12", "d-50", "d-54")
    backwards = dict(reversed(SITES.items()))
    assert draw(backwards, 30, "s") == draw(SITES, 30, "s")
    assert draw(SITES, 30, "s") != draw(SITES, 30, "t")


def test_nothing_is_drawn_twice_and_a_shortfall_is_told() -> None:
    found = draw(SITES, 120, "s")
    assert len(set(found.devices)) == 100
    assert found.shortfall == 20


def test_a_new_device_moves_no_other_one() -> None:
    more = draw(SITES | {"new": "site-1"}, 101, "s").devices
    assert tuple(one for one in more if one != "new") == draw(SITES, 100, "s").devices


def test_sites_can_be_spared() -> None:
    found = draw(SITES, 20, "s", per_site_max=2)
    assert (len(found.devices), found.shortfall) == (14, 6)
    sites = [SITES[one] for one in found.devices]
    assert {sites.count(site) for site in sites} == {2}


@pytest.mark.parametrize(("count", "per_site"), [(-1, None), (1, 0)])
def test_what_cannot_be_drawn_is_told_so(count: int, per_site: int | None) -> None:
    with pytest.raises(ValueError, match="spot checks"):
        draw(SITES, count, "s", per_site_max=per_site)
