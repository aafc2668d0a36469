"""The operator's configuration, validated whole before anything starts."""

from gateway.settings.broker import Broker, Credential
from gateway.settings.daemon import (
    Address,
    Backup,
    Console,
    Fleet,
    Gateway,
    Intake,
    Retention,
)
from gateway.settings.load import load_settings
from gateway.settings.model import Settings
from gateway.settings.problems import SettingsError
from gateway.settings.rules import Rules
from gateway.settings.sinks import Backend, Influxdb

__all__ = [
    "Address",
    "Backend",
    "Backup",
    "Broker",
    "Console",
    "Credential",
    "Fleet",
    "Gateway",
    "Influxdb",
    "Intake",
    "Retention",
    "Rules",
    "Settings",
    "SettingsError",
    "load_settings",
]
