"""To whom a rating is credited, by what was in force when it counts."""

from gateway.ratings.attribution import Credit, History, Span, credit

KNOWN = {"e1", "e2", "e3"}


def test_intervals_are_half_open() -> None:
    history = History([Span(10, 20, "a"), Span(20, None, "b")])
    assert [history.at(ms) for ms in (9, 10, 19, 20, 99)] == [None, "a", "a", "b", "b"]


def test_of_two_that_overlap_the_later_one_wins_and_the_earlier_comes_back() -> None:
    history = History([Span(0, None, "a"), Span(10, 20, "b")])
    assert [history.at(ms) for ms in (5, 15, 25)] == ["a", "b", "a"]


def test_an_employee_in_the_rating_wins_if_known_and_is_flagged() -> None:
    assert credit("e1", (), "e2", KNOWN) == Credit(
        "e1", ("e1",), ("employee_mismatch",)
    )
    assert credit("e1", (), "e1", KNOWN) == Credit("e1", ("e1",))
    assert credit(None, (), "e2", KNOWN) == Credit("e2", ("e2",))


def test_an_unknown_employee_leaves_the_credit_to_the_window() -> None:
    found = credit("x9", (), "e2", KNOWN)
    assert found == Credit("e2", ("e2",), ("employee_mismatch",))
    assert credit("x9", (), None, KNOWN).employee_id == "x9"
    assert credit(None, (), None, KNOWN) == Credit(None)


def test_shared_credit_goes_to_each_in_full_and_once() -> None:
    found = credit("e1", ("e2", "e1", "e2", "e3"), None, KNOWN)
    assert found.shared == ("e1", "e2", "e3")
