"""What is shown of a configuration lets nobody in."""

import json
from pathlib import Path

from gateway.settings import load_settings
from gateway.settings.shown import HIDDEN, shown

SECRET = "s3cr3t-value"
SIGNING = "whsec_c2VjcmV0LXZhbHVlLW9mLXRoaXJ0eS10d28tYnl0ZXM="
CONFIG = f"""
[broker]
url = "mqtt://127.0.0.1:1883"
username = "gateway"
password = "{SECRET}"
downlink_password = "{SECRET}"
downlink_username = "down"
[[influxdb]]
name = "main"
api = "v1"
database = "evalgate"
url = "http://127.0.0.1:8086/?token={SECRET}"
username = "u"
password = "{SECRET}"
[[backend]]
name = "business"
url = "https://backend.example/events?key={SECRET}"
secret = "{SIGNING}"
[[recipients]]
name = "chat"
channel = "webhook"
url = "https://chat.example/hook/{SECRET}?access_token={SECRET}"
secret = "{SIGNING}"
"""


def test_no_secret_is_in_what_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG, "utf-8")
    found = shown(load_settings(file, {}))
    text = json.dumps(found)
    assert SECRET not in text
    assert SIGNING not in text
    assert found["broker"]["username"] == "gateway"
    assert found["broker"]["password"] == HIDDEN
    assert found["broker"]["probe_password"] is None
    assert found["backend"][0]["url"] == f"https://backend.example/events?{HIDDEN}"
    assert found["recipients"][0]["url"] == f"https://chat.example/{HIDDEN}"
