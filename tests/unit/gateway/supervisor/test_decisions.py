"""Which role starts, stops and is killed when; time is stepped."""

from gateway.supervisor.decisions import (
    Kill,
    Limits,
    Start,
    Supervision,
    Terminate,
)
from gateway.supervisor.roles import Role

LIMITS = Limits(
    restart_base_ms=100,
    restart_cap_ms=1000,
    steady_ms=5000,
    stop_timeout_ms=2000,
    console_delay_ms=400,
)
ALL = list(Role)
WORKERS = [Role.PROCESS, Role.DELIVER]


def supervision(*, running: bool = True) -> Supervision:
    """Dice always show 1.0: every wait is its ceiling."""
    fresh = Supervision(Role, dice=lambda: 1.0, limits=LIMITS)
    for role in Role if running else ():
        fresh.started(role, 0)
    return fresh


def test_the_roles_start_together_along_the_data_path() -> None:
    fresh = supervision(running=False)
    assert fresh.actions(0) == [Start(role) for role in (Role.INGEST, *WORKERS)]


def test_the_console_starts_a_little_after_who_delivers() -> None:
    fresh = supervision(running=False)
    for role in (Role.INGEST, *WORKERS):
        fresh.started(role, 10)
    assert fresh.wait_ms(10) == 400
    assert fresh.actions(409) == []
    assert fresh.actions(410) == [Start(Role.CONSOLE)]
    fresh.started(Role.CONSOLE, 410)
    fresh.exited(Role.DELIVER, 500)
    fresh.started(Role.DELIVER, 500)
    assert fresh.actions(900) == []


def test_a_console_alone_does_not_wait() -> None:
    alone = Supervision([Role.CONSOLE], dice=lambda: 1.0)
    assert alone.actions(0) == [Start(Role.CONSOLE)]


def test_a_role_that_dies_once_restarts_at_once_and_disturbs_no_other() -> None:
    live = supervision()
    assert live.exited(Role.DELIVER, 10) == 0
    assert live.actions(10) == [Start(Role.DELIVER)]


def test_a_role_that_dies_again_waits() -> None:
    live = supervision()
    live.exited(Role.DELIVER, 0)
    live.started(Role.DELIVER, 0)
    assert live.exited(Role.DELIVER, 10) == 100
    assert live.wait_ms(10) == 100
    assert live.actions(109) == []
    assert live.actions(110) == [Start(Role.DELIVER)]


def test_the_wait_doubles_up_to_the_cap_for_a_role_that_keeps_dying() -> None:
    live = supervision()
    delays = []
    for now in range(10, 70, 10):
        delays.append(live.exited(Role.PROCESS, now))
        live.started(Role.PROCESS, now)
    assert delays == [0, 100, 200, 400, 800, 1000]


def test_a_role_that_lived_long_starts_over_with_no_wait() -> None:
    live = supervision()
    live.exited(Role.PROCESS, 10)
    live.started(Role.PROCESS, 20)
    assert live.exited(Role.PROCESS, 30) == 100
    live.started(Role.PROCESS, 40)
    assert live.exited(Role.PROCESS, 40 + 5000) == 0


def test_a_start_that_failed_counts_as_a_death() -> None:
    fresh = supervision(running=False)
    assert fresh.exited(Role.INGEST, 0) == 0
    assert fresh.exited(Role.INGEST, 100) == 100


def test_nothing_is_due_while_all_run() -> None:
    live = supervision()
    assert live.actions(1) == []
    assert live.wait_ms(1) is None


def test_roles_stop_one_after_the_other_along_the_data_path() -> None:
    live = supervision()
    live.stop(100)
    for role in ALL:
        assert live.actions(100) == [Terminate(role)]
        assert live.actions(101) == [], "told once"
        assert not live.finished
        assert live.exited(role, 101) is None, "nothing restarts while stopping"
    assert live.finished


def test_who_does_not_stop_by_the_deadline_is_killed_once() -> None:
    live = supervision()
    live.stop(100)
    live.actions(100)
    live.exited(Role.INGEST, 200)
    assert live.wait_ms(200) == 1900
    assert live.actions(2100) == [Kill(role) for role in ALL[1:]]
    assert live.actions(2101) == []
    assert live.wait_ms(2101) is None


def test_asking_again_does_not_move_the_deadline() -> None:
    live = supervision()
    live.stop(100)
    live.stop(1000)
    assert live.wait_ms(1000) == 1100


def test_a_stop_before_anything_ran_is_finished_at_once() -> None:
    fresh = supervision(running=False)
    fresh.stop(0)
    assert fresh.finished


def test_a_role_to_renew_ends_in_order_and_starts_at_once() -> None:
    live = supervision()
    live.renew(Role.DELIVER, 100)
    assert live.renewing(Role.DELIVER)
    assert live.actions(100) == [Terminate(Role.DELIVER)]
    assert live.actions(101) == [], "told once"
    assert live.exited(Role.DELIVER, 200) == 0
    assert not live.renewing(Role.DELIVER)
    assert live.actions(200) == [Start(Role.DELIVER)]


def test_a_role_that_does_not_end_to_be_renewed_is_killed_once() -> None:
    live = supervision()
    live.renew(Role.PROCESS, 100)
    live.actions(100)
    assert live.wait_ms(100) == 2000
    assert live.actions(2100) == [Kill(Role.PROCESS)]
    assert live.actions(2101) == []
    assert live.wait_ms(2101) is None


def test_a_role_that_does_not_run_needs_no_renewal() -> None:
    fresh = supervision(running=False)
    fresh.renew(Role.INGEST, 0)
    assert fresh.actions(0) == [Start(role) for role in (Role.INGEST, *WORKERS)]


def test_a_stop_overtakes_a_renewal() -> None:
    live = supervision()
    live.renew(Role.INGEST, 100)
    live.actions(100)
    live.stop(150)
    assert not live.renewing(Role.INGEST)
    assert live.exited(Role.INGEST, 200) is None
