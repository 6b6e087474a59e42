"""The signature of the webhook is the one of Standard Webhooks."""

import base64

from flows.handover import signature


def test_the_published_example_has_its_published_signature() -> None:
    """The example that the libraries of Standard Webhooks are tested with."""
    headers = signature.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        keys=[base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        seconds=1614265330,
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_key_signs_the_newest_first() -> None:
    one, two = (signature.headers("a", b"b", keys=[key], seconds=1)["webhook-signature"] for key in (b"1", b"2"))
    both = signature.headers("a", b"b", keys=[b"1", b"2"], seconds=1)["webhook-signature"]
    assert both == f"{one} {two}"
    assert one != two
