"""How a message of the webhook proves who sent it: the headers of Standard Webhooks 1.0 (standardwebhooks.com)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def headers(number: str, body: bytes, *, keys: Sequence[bytes], seconds: int) -> dict[str, str]:
    """The three headers of a message: its id, when it was sent, and a signature by each key.

    `number`: the same each time the message is sent, without a full stop; `seconds`: since 1970. What is signed by
    HMAC-SHA256 is the id, the seconds and the body with full stops between them.
    """
    signed = f"{number}.{seconds}.".encode() + body
    digests = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": number,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{digest}" for digest in digests),
    }
