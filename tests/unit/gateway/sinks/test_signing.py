"""Signatures as an independent receiver verifies them."""

import base64
import hashlib
import hmac

import pytest

from gateway.sinks.signing import Signer, key_of, webhook_id

# From the Standard Webhooks specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_standards_own_example_verifies() -> None:
    headers = Signer([SECRET]).headers(MESSAGE_ID, TIMESTAMP, BODY)
    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE,
    }


def test_while_rotating_both_secrets_sign() -> None:
    old, new = SECRET, "whsec_" + base64.b64encode(b"n" * 32).decode()
    headers = Signer([new, old]).headers(MESSAGE_ID, TIMESTAMP, BODY)
    first, second = headers["webhook-signature"].split(" ")
    assert second == SIGNATURE
    signed = f"{MESSAGE_ID}.{TIMESTAMP}.".encode() + BODY
    expected = hmac.new(b"n" * 32, signed, hashlib.sha256).digest()
    assert first == "v1," + base64.b64encode(expected).decode()


def test_without_a_secret_nothing_is_claimed() -> None:
    assert "webhook-signature" not in Signer([]).headers("x", 1, BODY)


@pytest.mark.parametrize(
    ("secret", "key"),
    [("whsec_YWJj", b"abc"), ("YWJj", b"abc"), ("not base 64!", b"not base 64!")],
)
def test_a_secret_is_base64_with_or_without_its_prefix(secret: str, key: bytes) -> None:
    assert key_of(secret) == key


def test_the_same_batch_has_the_same_id_and_a_recut_one_another() -> None:
    assert webhook_id("bat", ["a", "b"]) == webhook_id("bat", ["a", "b"])
    assert webhook_id("bat", ["a", "b"]) != webhook_id("bat", ["b", "a"])
    assert webhook_id("bat", ["a", "b"]) != webhook_id("bat", ["a"])
    digest = hashlib.sha256(b"a\nb").hexdigest()
    assert webhook_id("bat", ["a", "b"]) == f"bat_{digest}"
