"""Signatures of webhooks: by keys that a service publishes (ED25519), or by a secret that it shares (HMAC).

The library for the first is optional. Without it no such webhook is believed, and jobs are asked about as always.
Sources: fal's documentation of webhooks, as of 2026-11-20, whose round trip was reproduced with `cryptography`; the
specification of Standard Webhooks and Replicate's client 1.0.7, as of 2026-11-21.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rushes.errors import UserError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEPT = 24 * 3600.0
"""Seconds for which the keys are kept: the service asks for no longer."""

AT_MOST_EVERY = 60.0
"""Seconds between two fetches of keys: forged calls must not make us ask without end."""

SLACK = 300.0
"""Seconds by which a call's time may differ from ours; an old call that somebody repeats is refused."""

MOST_KEYS = 20


class Keys:
    """The published keys of one service, fetched when a call comes and kept for a day.

    `published` fetches the key set; it gives no bytes when it cannot.
    """

    def __init__(self, published: Callable[[], Awaitable[bytes]]) -> None:
        self._published = published
        self._keys: tuple[bytes, ...] = ()
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()  # calls that come together fetch once

    async def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the service signed this call within the last minutes. UserError without the library."""
        verify = _verifier()
        call = _call(headers, body)
        if call is None:
            return False
        message, signature = call
        if any(verify(key, signature, message) for key in await self._known(KEPT)):
            return True
        # keys change: one fetch before a call that no known key signed is refused
        return any(verify(key, signature, message) for key in await self._known(AT_MOST_EVERY))

    async def _known(self, no_older_than: float) -> Sequence[bytes]:
        async with self._lock:
            if time.monotonic() - self._fetched >= no_older_than:
                self._fetched = time.monotonic()
                self._keys = _keys(await self._published()) or self._keys
            return self._keys


class Shared:
    """The secret that one service signs its calls with, as Standard Webhooks says: `v1,` and an HMAC-SHA256 in base64.

    `shared` asks for the secret, `whsec_` and base64; it gives an empty text when it cannot.
    """

    def __init__(self, shared: Callable[[], Awaitable[str]]) -> None:
        self._shared = shared
        self._secret = b""
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the service signed this call within the last minutes."""
        said = {name.lower(): value for name, value in headers.items()}
        id_, stamp, given = (said.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not id_ or not is_recent(stamp):
            return False
        message = f"{id_}.{stamp}.".encode() + body
        signatures = [one.removeprefix("v1,").encode() for one in given.split()[:MOST_KEYS] if one.startswith("v1,")]
        for no_older_than in (KEPT, AT_MOST_EVERY):  # a secret is changed now and then: ask once before refusing
            secret = await self._known(no_older_than)
            right = base64.b64encode(hmac.digest(secret, message, "sha256"))
            if secret and any(hmac.compare_digest(right, one) for one in signatures):
                return True
        return False

    async def _known(self, no_older_than: float) -> bytes:
        async with self._lock:
            if time.monotonic() - self._fetched >= no_older_than:
                self._fetched = time.monotonic()
                self._secret = _secret(await self._shared()) or self._secret
            return self._secret


def is_recent(stamp: str) -> bool:
    """Whether unix seconds, as a call says them, are those of the last or the next minutes."""
    return stamp.isdecimal() and len(stamp) <= 12 and abs(time.time() - int(stamp)) <= SLACK


def _secret(text: str) -> bytes:
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _call(headers: Mapping[str, str], body: bytes) -> tuple[bytes, bytes] | None:
    """What was signed and the signature; None for a call that has not all of it, or is too old."""
    said = {name.lower(): value for name, value in headers.items()}
    names = ("request-id", "user-id", "timestamp", "signature")
    request, user, stamp, signature = (said.get(f"x-fal-webhook-{name}", "") for name in names)
    if not request or not is_recent(stamp):
        return None
    try:
        return "\n".join((request, user, stamp, hashlib.sha256(body).hexdigest())).encode(), bytes.fromhex(signature)
    except ValueError:
        return None


def _keys(body: bytes) -> tuple[bytes, ...]:
    try:
        raw = json.loads(body)["keys"]
        texts = [one["x"] for one in raw[:MOST_KEYS] if one.get("crv", "Ed25519") == "Ed25519"]
        return tuple(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in texts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


class _Verifier:
    """The library, loaded when the first call comes."""

    def __init__(self, public: Callable[[bytes], Ed25519PublicKey], invalid: type[Exception]) -> None:
        self._public = public
        self._invalid = invalid

    def __call__(self, key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            self._public(key).verify(signature, message)
        except (self._invalid, ValueError):
            return False
        return True


def _verifier() -> _Verifier:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise UserError(
            "webhooks cannot be verified: the library for signatures is missing",
            next_step="install rushes[webhooks], or leave webhooks out: jobs are asked about as always",
        ) from None
    return _Verifier(Ed25519PublicKey.from_public_bytes, InvalidSignature)
