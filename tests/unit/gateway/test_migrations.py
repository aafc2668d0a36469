"""Each step once, whole or not at all, and never backwards."""

import apsw
import pytest

from gateway import migrations
from gateway.errors import PermanentError

FIRST = "CREATE TABLE a (x)"
SECOND = "CREATE TABLE b (x); INSERT INTO b VALUES (1)"


def tables(connection: apsw.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema ORDER BY name")
    return [name for (name,) in rows]


def test_steps_are_applied_once_and_in_order() -> None:
    connection = apsw.Connection(":memory:")
    assert migrations.apply(connection, [FIRST]) == 0
    assert migrations.apply(connection, [FIRST, SECOND]) == 1
    assert migrations.apply(connection, [FIRST, SECOND]) == 2
    assert tables(connection) == ["a", "b"]
    assert connection.execute("SELECT count(*) FROM b").get == 1


def test_a_step_that_fails_leaves_the_step_before_it() -> None:
    connection = apsw.Connection(":memory:")
    broken = "CREATE TABLE b (x); INSERT INTO none VALUES (1)"
    with pytest.raises(apsw.SQLError):
        migrations.apply(connection, [FIRST, broken])
    assert tables(connection) == ["a"]
    assert migrations.apply(connection, [FIRST, SECOND]) == 1


def test_a_store_of_a_newer_version_is_refused() -> None:
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, [FIRST, SECOND])
    with pytest.raises(PermanentError, match="schema 2"):
        migrations.apply(connection, [FIRST])
