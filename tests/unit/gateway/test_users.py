"""Users: passwords as argon2id hashes in a file for our eyes only."""

from pathlib import Path

import pytest

from gateway.errors import PermanentError
from gateway.users import BESIDE, FILE_NAME, ROLES, Grant, User, Users

PASSWORD = "correct horse battery"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / FILE_NAME


def test_a_user_is_known_by_name_and_password_together(path: Path) -> None:
    users = Users(path)
    users.create("li", PASSWORD, Grant("operator", "north"), 1_000)
    found = users.verified("li", PASSWORD)
    assert found is not None
    assert (found.site, found.scopes) == ("north", frozenset({"operate", "read"}))
    assert users.verified("li", PASSWORD + "x") is None
    assert users.verified("zhang", PASSWORD) is None
    assert users.verified("zhang", "") is None
    assert users.verified("li", "x" * 10_000) is None


def test_the_file_holds_an_argon2id_hash_for_our_eyes_only(path: Path) -> None:
    Users(path).create("li", PASSWORD, Grant("viewer"), 1_000)
    text = path.read_text()
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in text
    assert PASSWORD not in text
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(PermanentError, match="others may read the users"):
        Users(path).all()


def test_who_is_disabled_or_removed_is_unknown_to_other_processes_at_once(
    path: Path,
) -> None:
    reader, writer = Users(path), Users(path)
    writer.create("li", PASSWORD, Grant("viewer"), 1_000)
    assert reader.find("li") is not None
    writer.set_disabled("li", disabled=True)
    assert reader.find("li") is None
    assert reader.verified("li", PASSWORD) is None
    writer.set_disabled("li", disabled=False)
    assert reader.find("li") is not None
    writer.remove("li")
    assert reader.all() == []


def test_another_password_takes_the_place_of_the_first(path: Path) -> None:
    users = Users(path)
    users.create("li", PASSWORD, Grant("viewer"), 1_000)
    users.set_password("li", "quite another one")
    assert users.verified("li", PASSWORD) is None
    assert users.verified("li", "quite another one") is not None


@pytest.mark.parametrize(
    ("name", "password", "grant", "said"),
    [
        ("li", "short", Grant("viewer"), "10 to 200 characters"),
        ("li", "x" * 201, Grant("viewer"), "10 to 200 characters"),
        ("l i", PASSWORD, Grant("viewer"), "cannot name a user"),
        ("local", PASSWORD, Grant("viewer"), "cannot name a user"),
        ("l.i", PASSWORD, Grant("viewer"), "letters, digits, - and _"),
        ("li", PASSWORD, Grant("boss"), "no role 'boss'"),
        ("li", PASSWORD, Grant("viewer", None, ["admin"]), "'admin' comes with a role"),
        ("li", PASSWORD, Grant("clerk"), "say which by its id"),
        ("li", PASSWORD, Grant("clerk", employee=""), "say which by its id"),
        ("li", PASSWORD, Grant("admin", employee="E7"), "with the role clerk alone"),
        ("li", PASSWORD, Grant("clerk", None, ["contact"], "E7"), "no scope beside"),
    ],
)
def test_what_will_not_do_is_told_and_nothing_is_written(
    path: Path, name: str, password: str, grant: Grant, said: str
) -> None:
    with pytest.raises(PermanentError, match=said):
        Users(path).create(name, password, grant, 1_000)
    assert not path.exists()


def test_a_name_is_given_once(path: Path) -> None:
    users = Users(path)
    users.create("li", PASSWORD, Grant("viewer"), 1_000)
    with pytest.raises(PermanentError, match="there is a user 'li'"):
        users.create("li", PASSWORD, Grant("admin"), 1_000)
    with pytest.raises(PermanentError, match="there is no user 'zhang'"):
        users.set_password("zhang", PASSWORD)
    with pytest.raises(PermanentError, match="there is no user 'zhang'"):
        users.remove("zhang")


def test_personal_data_come_with_no_role() -> None:
    assert not {scope for scopes in ROLES.values() for scope in scopes} & set(BESIDE)


def test_a_clerk_may_do_what_is_its_own_and_nothing_else(path: Path) -> None:
    Users(path).create("chen", PASSWORD, Grant("clerk", employee="E7"), 1_000)
    found = Users(path).find("chen")
    assert found is not None
    assert (found.employee, found.scopes) == ("E7", frozenset({"own"}))


@pytest.mark.parametrize(
    ("role", "employee"), [("clerk", None), ("admin", "E7"), ("viewer", "")]
)
def test_a_role_that_does_not_go_with_the_employee_allows_nothing(
    role: str, employee: str | None
) -> None:
    user = User(
        name="chen", role=role, hash="", site=None, employee=employee, created_ms=0
    )
    assert user.scopes == frozenset()
