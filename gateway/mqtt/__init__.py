"""The only socket to the broker's data."""

from gateway.mqtt.link import MqttLink
from gateway.mqtt.options import LinkOptions, TlsFiles, uplink_filters

__all__ = ["LinkOptions", "MqttLink", "TlsFiles", "uplink_filters"]
