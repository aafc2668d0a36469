import ssl
from pathlib import Path

import pytest
from mqtt5 import QoS, RetainHandling

from gateway.mqtt import TlsFiles, uplink_filters


def test_each_uplink_channel_has_a_subscription() -> None:
    filters = {f.pattern.rpartition("/")[2]: f for f in uplink_filters("a/b")}
    assert set(filters) == {
        "rating",
        "session",
        "complaint",
        "heartbeat",
        "presence",
        "selftest",
        "reply",
    }
    assert filters["rating"].pattern == "a/b/v1/+/rating"
    for channel, wanted in filters.items():
        assert wanted.max_qos == QoS.AT_LEAST_ONCE
        assert not wanted.retain_as_published
        retained = channel == "presence"
        assert (wanted.retain_handling == RetainHandling.SEND_ALWAYS) is retained


def test_tls_checks_the_brokers_certificate_and_name() -> None:
    context = TlsFiles().context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_an_absent_file_is_an_error_of_the_world(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        TlsFiles(tmp_path / "absent.pem").context()
