"""What a PUBLISH of QoS 1 says beside its topic and payload."""

from typing import Final, NamedTuple

from mqtt5 import PublishPacket, QoS


class PublishOptions(NamedTuple):
    """After `expiry_s` seconds the server gives it to nobody any more.

    `response_topic` and `correlation` tell a receiver of MQTT 5 where, and to what, it
    answers.
    """

    retain: bool = False
    expiry_s: int | None = None
    response_topic: str | None = None
    correlation: bytes | None = None

    def write(self, topic: str, payload: bytes, packet_id: int) -> bytes:
        """The packet."""
        return PublishPacket(
            topic,
            payload,
            qos=QoS.AT_LEAST_ONCE,
            retain=self.retain,
            packet_id=packet_id,
            message_expiry_interval=self.expiry_s,
            response_topic=self.response_topic,
            correlation_data=self.correlation,
        ).write()


PLAIN: Final = PublishOptions()
