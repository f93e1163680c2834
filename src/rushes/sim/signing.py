"""What the simulated providers sign their webhooks with. Derived from the seed; worth nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rushes.errors import UserError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs as fal does: ED25519 over request id, user id, timestamp and the body's SHA-256, a line each.

    And as Standard Webhooks has it: HMAC-SHA256 over id, timestamp and body, with dots between.
    """

    def __init__(self, secret: bytes) -> None:
        """`secret` are the 32 bytes that the key is made of."""
        self._private = secret
        self._secret = hashlib.sha256(b"shared" + secret).digest()

    def ready(self) -> None:
        """UserError where the library for fal's signature is missing: few who rehearse have it installed."""
        assert self._key

    def headers(self, request_id: str, user: str, timestamp: int, body: bytes) -> Mapping[str, str]:
        """The four headers of a webhook call; `timestamp` in unix seconds."""
        message = "\n".join((request_id, user, str(timestamp), hashlib.sha256(body).hexdigest())).encode()
        return {
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": self._key.sign(message).hex(),
        }

    def standard(self, id_: str, timestamp: int, body: bytes) -> Mapping[str, str]:
        """The three headers of Standard Webhooks; `timestamp` in unix seconds."""
        signed = hmac.digest(self._secret, f"{id_}.{timestamp}.".encode() + body, "sha256")
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }

    def shared(self) -> str:
        """The secret behind `standard`, as it is told to its account."""
        return f"whsec_{base64.b64encode(self._secret).decode()}"

    def jwks(self) -> dict[str, object]:
        """The public key as a JSON Web Key Set."""
        raw = self._key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x}]}

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError:
            raise UserError(
                "fal's webhooks cannot be rehearsed: the library for signatures is missing",
                next_step="install rushes[webhooks], or leave webhooks out: jobs are asked about as always",
            ) from None
        return Ed25519PrivateKey.from_private_bytes(self._private)
