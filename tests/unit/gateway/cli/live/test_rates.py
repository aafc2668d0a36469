"""Rates over the last seconds."""

from msgspec.structs import replace

from gateway.cli.live.figures import Intake, Pipeline, Process, Rates
from gateway.cli.live.rates import RateWindow
from tests.unit.gateway.cli.live.pictures import BACKEND, PIPELINE


def after(accepted: int, delivered: int = 0) -> Pipeline:
    sink = replace(BACKEND, delivered=delivered)
    return replace(PIPELINE, accepted=accepted, sinks=(sink,))


def test_one_look_tells_no_rate() -> None:
    assert RateWindow().add(0, None, after(5)) == Rates()


def test_rates_are_the_difference_over_the_time() -> None:
    window = RateWindow()
    window.add(
        0, Intake(10, 0, link_up=True), after(0, 0), [Process("ingest", 7, 0, 1.0)]
    )
    rates = window.add(
        2000, Intake(30, 0, link_up=True), after(20, 10), [Process("ingest", 7, 0, 1.5)]
    )
    assert rates.received == 10.0
    assert rates.processed == 10.0
    assert rates.sinks == {"backend": 5.0}
    assert rates.cpu == {"ingest": 0.25}


def test_the_window_is_a_few_seconds() -> None:
    window = RateWindow()
    for second in range(60):
        rates = window.add(1000 * second, None, after(0 if second < 50 else 100))
    assert rates.processed == 0.0
    assert rates.received is None


def test_a_process_that_was_replaced_begins_anew() -> None:
    window = RateWindow()
    window.add(0, None, after(0), [Process("ingest", 7, 0, 50.0)])
    assert window.add(1000, None, after(0), [Process("ingest", 8, 0, 0.1)]).cpu == {}


def test_figures_that_fall_are_no_negative_rate() -> None:
    window = RateWindow()
    window.add(0, None, after(10, 10))
    rates = window.add(1000, None, after(5, 5))
    assert (rates.processed, rates.sinks) == (0.0, {"backend": 0.0})
