"""The key that the simulated provider signs its webhooks with. Derived from the seed; worth nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Signer:
    """Signs as fal does: ED25519 over request id, user id, timestamp and the body's SHA-256, a line each."""

    def __init__(self, secret: bytes) -> None:
        """`secret` are the 32 bytes that the key is made of."""
        self._key = Ed25519PrivateKey.from_private_bytes(secret)

    def headers(self, request_id: str, user: str, timestamp: int, body: bytes) -> Mapping[str, str]:
        """The four headers of a webhook call; `timestamp` in unix seconds."""
        message = "\n".join((request_id, user, str(timestamp), hashlib.sha256(body).hexdigest())).encode()
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": self._key.sign(message).hex(),
        }

    def jwks(self) -> dict[str, object]:
        """The public key as a JSON Web Key Set."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x}]}
