"""A webhook is believed when the service signed it, now; the simulator signs as the service does."""

from __future__ import annotations

import asyncio
import base64
import builtins
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rushes.errors import UserError
from rushes.providers import signing
from rushes.providers.signing import Keys, Shared
from rushes.sim.signing import Signer

BODY = b'{"request_id": "job-1", "status": "OK"}'
TRUE, FALSE = Signer(b"t" * 32), Signer(b"f" * 32)


def jwks(*signers: Signer) -> bytes:
    import json

    return json.dumps({"keys": [key for one in signers for key in one.jwks()["keys"]]}).encode()  # type: ignore[attr-defined]


class Published:
    """Where the keys are published; counts how often it is asked."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.asked = 0

    async def __call__(self) -> bytes:
        self.asked += 1
        return self.bodies[min(self.asked, len(self.bodies)) - 1]


def headers(signer: Signer = TRUE, body: bytes = BODY, *, at: float = 0.0) -> Mapping[str, str]:
    return signer.headers("job-1", "user-1", int(time.time() + at), body)


def believed(published: Callable[[], Awaitable[bytes]], said: Mapping[str, str], body: bytes = BODY) -> bool:
    return asyncio.run(Keys(published).signed(said, body))


def test_a_call_that_the_service_signed_is_believed() -> None:
    assert believed(Published(jwks(TRUE)), headers())
    assert believed(Published(jwks(FALSE, TRUE)), {name.lower(): value for name, value in headers().items()})


@pytest.mark.parametrize("at", [-290.0, 290.0])
def test_a_few_minutes_are_forgiven(at: float) -> None:
    assert believed(Published(jwks(TRUE)), headers(at=at))


@pytest.mark.parametrize("at", [-310.0, 310.0, -1e6])
def test_an_old_call_that_somebody_repeats_is_refused(at: float) -> None:
    assert not believed(Published(jwks(TRUE)), headers(at=at))


def test_another_key_another_body_and_another_job_are_refused() -> None:
    published = Published(jwks(TRUE))
    assert not believed(published, headers(FALSE))
    assert not believed(published, headers(), BODY + b" ")
    assert not believed(published, {**headers(), "X-Fal-Webhook-Request-Id": "job-2"})
    assert not believed(published, {**headers(), "X-Fal-Webhook-User-Id": "user-2"})


@pytest.mark.parametrize("name", ["Request-Id", "Timestamp", "Signature"])
@pytest.mark.parametrize("value", ["", "zz", "0", "-1", "9" * 40, "\u0663\u0663", "\u00b2"])
def test_whatever_else_stands_in_the_headers_is_refused(name: str, value: str) -> None:
    assert not believed(Published(jwks(TRUE)), {**headers(), f"X-Fal-Webhook-{name}": value})


def test_a_call_without_headers_asks_for_no_keys() -> None:
    published = Published(jwks(TRUE))
    assert not believed(published, {})
    assert published.asked == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": [{"x": "!!"}]}'])
def test_keys_that_cannot_be_read_believe_nobody(body: bytes) -> None:
    assert not believed(Published(body), headers())


def test_keys_are_fetched_once_and_again_when_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(signing.time, "monotonic", lambda: now[0])
    published = Published(jwks(FALSE), jwks(TRUE))
    keys = Keys(published)

    async def run() -> None:
        assert await keys.signed(headers(FALSE), BODY)
        assert await keys.signed(headers(FALSE), BODY)
        assert published.asked == 1
        for _ in range(20):
            assert not await keys.signed(headers(TRUE), BODY)
        assert published.asked == 1, "forged calls must not make us ask without end"
        now[0] += signing.AT_MOST_EVERY
        assert await keys.signed(headers(TRUE), BODY)
        assert published.asked == 2
        now[0] += signing.KEPT
        await keys.signed(headers(TRUE), BODY)
        assert published.asked == 3, "keys are kept for a day"

    asyncio.run(run())


def test_a_key_that_was_had_serves_while_none_can_be_fetched() -> None:
    published = Published(jwks(TRUE), b"")
    keys = Keys(published)

    async def run() -> None:
        assert await keys.signed(headers(), BODY)
        keys._fetched = float("-inf")
        assert await keys.signed(headers(), BODY)

    asyncio.run(run())


def test_without_the_library_no_call_is_believed_and_the_next_step_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError) as raised:
        believed(Published(jwks(TRUE)), headers())
    assert "rushes[webhooks]" in raised.value.next_step


def test_the_message_is_the_documented_one() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
    stamp = str(int(time.time()))
    message = f"job-1\nuser-1\n{stamp}\n{hashlib.sha256(BODY).hexdigest()}".encode()
    said = {
        "x-fal-webhook-request-id": "job-1",
        "x-fal-webhook-user-id": "user-1",
        "x-fal-webhook-timestamp": stamp,
        "x-fal-webhook-signature": key.sign(message).hex(),
    }
    assert believed(Published(jwks(TRUE)), said)


class Told:
    """The secret that a service tells; counts how often it is asked."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = list(secrets)
        self.asked = 0

    async def __call__(self) -> str:
        self.asked += 1
        return self.secrets[min(self.asked, len(self.secrets)) - 1]


def shared(told: Told, said: Mapping[str, str], body: bytes = BODY) -> bool:
    return asyncio.run(Shared(told).signed(said, body))


def standard(signer: Signer = TRUE, *, at: float = 0.0) -> dict[str, str]:
    return dict(signer.standard("job-1", int(time.time() + at), BODY))


def test_a_call_that_was_signed_by_the_shared_secret_is_believed() -> None:
    assert shared(Told(TRUE.shared()), standard())
    both = standard() | {"webhook-signature": f"v1,AAAA {standard()['webhook-signature']}"}
    assert shared(Told(TRUE.shared()), {name.title(): value for name, value in both.items()})
    changed = Told(FALSE.shared(), TRUE.shared())
    assert not shared(changed, standard()), "a secret is asked for once a minute at most"
    assert changed.asked == 1


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ({}, BODY + b" "),
        ({"webhook-id": "job-2"}, BODY),
        ({"webhook-id": ""}, BODY),
        ({"webhook-timestamp": "1"}, BODY),
        ({"webhook-timestamp": "soon"}, BODY),
        ({"webhook-signature": ""}, BODY),
        ({"webhook-signature": "v1,"}, BODY),
        ({"webhook-signature": "v2,AAAA"}, BODY),
        ({"webhook-signature": "v1,\u00e9"}, BODY),
    ],
)
def test_any_other_call_is_not(change: dict[str, str], body: bytes) -> None:
    assert not shared(Told(TRUE.shared()), standard() | change, body)
    assert not shared(Told(TRUE.shared()), standard(FALSE))
    assert not shared(Told(TRUE.shared()), standard(at=-310.0))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "nonsense\u00e9"])
def test_without_a_secret_nothing_is_believed(secret: str) -> None:
    stamp = str(int(time.time()))
    empty = base64.b64encode(hmac.digest(b"", f"job-1.{stamp}.".encode() + BODY, "sha256")).decode()
    said = {"webhook-id": "job-1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{empty}"}
    assert not shared(Told(secret), said)
