"""Our connections to the broker, as the settings describe them."""

from device_protocol.mqtt_session import ConnectOptions
from gateway.mqtt.options import LinkOptions, TlsFiles, uplink_filters
from gateway.settings.broker import Broker, Credential

DAY_S = 86_400


def link_options(
    broker: Broker, credential: Credential, receive_max: int, *, uplink: bool
) -> LinkOptions:
    """How one of our connections reaches the broker."""
    password = credential.password
    connect = ConnectOptions(
        client_id=credential.client_id,
        username=credential.username,
        password=password.get_secret_value().encode() if password else None,
        session_expiry_s=broker.session_expiry_days * DAY_S if uplink else 0,
        receive_max=receive_max,
        keep_alive_s=broker.keepalive_s,
        clean_start=not uplink,
    )
    files = TlsFiles(broker.ca_file, broker.cert_file, broker.key_file)
    return LinkOptions(
        host=broker.host,
        port=broker.port,
        connect=connect,
        filters=uplink_filters(broker.root) if uplink else (),
        tls=files if broker.tls else None,
        connect_timeout_ms=int(broker.connect_timeout_s * 1000),
        retry_delay_ms_max=int(broker.reconnect_delay_s_max * 1000),
    )
