"""Fixtures for every test: the services that stand around a gateway."""

from tests.support.services import influx1, influxd, mosquitto, victoria

__all__ = ["influx1", "influxd", "mosquitto", "victoria"]
