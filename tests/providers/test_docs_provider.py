"""The provider that the documentation shows is a whole one: this runs it, as it stands on the page, through the kit."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from tests.providers.rig import KEY, Quick
from tests.providers.wire import Visit, Wire, serving

from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.access import Access, Offer, Secret
from rushes.providers.remote import Remote
from rushes.testing.conformance import CHECKS, Check, Subject
from rushes.testing.media import png
from rushes.testing.requests import recipe_of, request_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "providers.md"
SOURCE = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[0]


@pytest.fixture(scope="module")
def acorn() -> ModuleType:
    module = ModuleType("acorn_of_the_page")
    sys.modules[module.__name__] = module
    exec(compile(SOURCE, str(PAGE), "exec"), module.__dict__)
    return module


class Server:
    """The service of the page."""

    def __init__(self) -> None:
        self.wire: Wire | None = None
        self.jobs: dict[str, dict[str, object]] = {}
        self.by_key: dict[str, str] = {}

    async def __call__(self, visit: Visit) -> None:
        method, path = visit.head.decode().split(" ")[:2]
        known = self.jobs.get(path.rpartition("/")[2])
        if path == "/v1/jobs":
            key = re.findall(r"idempotency-key: (\S+)", visit.head.decode(), re.IGNORECASE)[0]
            name = self.by_key.setdefault(key, f"job{len(self.by_key)}")
            self.jobs.setdefault(name, {"body": visit.body, "asked": 0})
            await visit.answer(201, json.dumps({"id": name}).encode())
        elif known is None:
            await visit.answer(404, b'{"code": "unknown"}')
        elif path.startswith("/files/"):
            body = known["body"]
            assert isinstance(body, bytes)
            await visit.answer(200, png(hashlib.sha256(body).hexdigest()))
        elif method == "DELETE":
            known["cancelled"] = True
            await visit.answer(204, b"")
        else:
            await visit.answer(200, json.dumps(self.state(known, path)).encode())

    def state(self, job: dict[str, object], path: str) -> dict[str, object]:
        assert self.wire is not None
        if job.get("cancelled"):
            return {"state": "failed", "error": "cancelled"}
        asked = job["asked"] = int(str(job["asked"])) + 1
        if asked < 2:
            return {"state": "queued"}
        return {"state": "done", "url": f"{self.wire.url}/files/{path.rpartition('/')[2]}", "usd": "0.02"}


def offer(alias: str, op: Operation) -> Offer | None:
    usd = Decimal("0.02")
    if op is not Operation.TEXT_TO_IMAGE:
        return None
    return Offer(alias, "acorn-1", (op,), 5.0, None, None, {}, lambda _recipe: Quote(usd, usd, 5.0, "a page"))


def requests() -> Sequence[Request]:
    return [
        request_of(recipe_of(prompt=prompt, provider="acorn", model="acorn-1", params={"aspect_ratio": "9:16"}))
        for prompt in ("a fox", "a hare")
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_provider_of_the_page_keeps_the_promise(check: Check, acorn: ModuleType, tmp_path: Path) -> None:
    async def run() -> None:
        server = Server()
        async with serving(server) as wire:
            server.wire = wire
            made: list[Remote] = []

            def client(url: str, key: Secret | None) -> Remote:
                made.append(acorn.Acorn(Access(url, key, True, offer)))
                return made[-1]

            subject = Subject(
                make=lambda: client(wire.url, Secret(KEY)),
                requests=requests(),
                context=lambda key: Quick(tmp_path, idempotency_key=key),
                unreachable=lambda: client("http://127.0.0.1:9", Secret(KEY)),
                keyless=lambda: client(wire.url, None),
                secret=KEY,
                floor=2.0,
            )
            try:
                await check(subject)
            finally:
                for one in made:
                    await one.close()

    asyncio.run(run())


def test_the_page_says_how_long_a_provider_is() -> None:
    assert SOURCE.count("\n") < 250
    assert len(CHECKS) > 50
