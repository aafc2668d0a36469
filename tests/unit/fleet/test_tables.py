"""What a person may put into the registry's tables."""

import pytest

from fleet.tables import (
    COLUMNS,
    DEPTH_MAX,
    KEYS,
    RowError,
    check,
    check_device,
    check_tree,
    key_of,
    merged,
)

DEVICE = dict.fromkeys(COLUMNS["devices"]) | {"device_id": "d-1", "lifecycle": "active"}


def test_the_key_of_a_row_is_made_of_its_key_columns() -> None:
    assert key_of("sites", {"id": "hall"}) == "hall"
    binding = {"device_id": "d-1", "from": "2026-01-01"}
    assert key_of("bindings", binding) == "d-1|2026-01-01"
    assert all(set(KEYS[table]) <= set(columns) for table, columns in COLUMNS.items())


@pytest.mark.parametrize(
    ("table", "row", "words"),
    [
        ("doors", {}, "no table"),
        ("sites", {"name": "Hall"}, "id is missing"),
        ("bindings", {"device_id": "d-1"}, "from is missing"),
        ("sites", {"id": "a", "colour": "red"}, "no column 'colour'"),
        ("sites", {"id": "a|b"}, "without |"),
        ("sites", {"id": "a", "name": "x" * 501}, "longer than 500"),
        ("sites", {"id": "a", "name": "two\nlines"}, "cannot be printed"),
        ("devices", {"device_id": "no good"}, "no device id"),
        ("devices", {"device_id": "http-web"}, "no terminal's id"),
        ("devices", {"device_id": "d-1", "lifecycle": "asleep"}, "no lifecycle"),
        ("devices", {"device_id": "d-1", "installed_at": "soon"}, "no date"),
        (
            "closures",
            {"site": "a", "from": "2026-05-01T10:00:00"},
            "with its offset",
        ),
        (
            "employees",
            {"id": "1", "valid_from": "2026-05-01", "valid_to": "2026-05-01"},
            "later than valid_from",
        ),
        (
            "closures",
            {
                "site": "a",
                "from": "2026-05-01T10:00:00+08:00",
                "to": "2026-05-01T01:00:00Z",
            },
            "later than from",
        ),
    ],
)
def test_what_makes_no_sense_is_told_so(
    table: str, row: dict[str, str | None], words: str
) -> None:
    with pytest.raises(RowError, match=words.replace("|", r"\|")):
        check(table, row)


def test_times_may_be_dates_or_instants_or_absent() -> None:
    check("closures", {"site": "a", "from": "2026-05-01", "to": "2026-05-02"})
    check("closures", {"site": "a", "from": "2026-05-01T10:00:00+08:00", "to": None})
    check("employees", {"id": "0042", "pseudonym": "窗口一号", "valid_from": ""})


def test_a_lifecycle_moves_as_an_operator_may_move_it() -> None:
    row = {"device_id": "d-1", "lifecycle": "active"}
    for now in (None, "pending", "active", "maintenance", "refused"):
        check_device(row, now)
    with pytest.raises(RowError, match="retired cannot become active"):
        check_device(row, "retired")
    check_device({"device_id": "d-1"}, "retired")


def test_in_a_merged_row_empty_stays_and_none_clears() -> None:
    now = {**DEVICE, "site": "hall", "window": "w1", "model": "M1"}
    row = {"device_id": "d-1", "site": "", "window": None, "model": "M2"}
    assert merged(now, row) == {**now, "window": None, "model": "M2"}
    assert merged(None, {"device_id": "d-1"}) == DEVICE
    assert merged(now, {**row, "lifecycle": None})["lifecycle"] == "active"


def test_a_tree_of_sites_is_no_circle_and_not_too_deep() -> None:
    chain: dict[str, str | None] = {"s1": None}
    chain |= {f"s{n}": f"s{n - 1}" for n in range(2, DEPTH_MAX + 1)}
    check_tree(chain, chain)
    deeper = {**chain, "deep": f"s{DEPTH_MAX}"}
    with pytest.raises(RowError, match="levels deep"):
        check_tree(deeper, ["deep"])
    with pytest.raises(RowError, match="own ancestor"):
        check_tree({"a": "b", "b": "a"}, ["a"])
    with pytest.raises(RowError, match="levels deep"):
        check_tree({"c": "a", "a": "b", "b": "a"}, ["c"])
