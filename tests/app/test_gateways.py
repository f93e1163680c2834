"""Several addresses of one provider: the fastest is asked, remembered, and kept as long as a job is out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.app.world import record
from tests.ledger.facts import reserved

from rushes.app import gateways
from rushes.app.config import load_config
from rushes.app.gateways import remembered
from rushes.app.project import Project
from rushes.errors import ConfigError, ErrorClass
from rushes.model.event import Failed, Reserved, Submitting
from rushes.model.ids import RunId


@contextmanager
def server(delay: float, seen: list[str]) -> Iterator[str]:
    """An address that answers after `delay` seconds, and writes down what it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            seen.append(f"{self.command} {self.path} {sorted(self.headers)}")
            time.sleep(delay)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


@pytest.fixture
def places() -> Iterator[tuple[str, str, list[str]]]:
    """A slow address and a quick one: the slow one takes longer than any machine is slow."""
    seen: list[str] = []
    with ExitStack() as stack:
        yield stack.enter_context(server(1.0, seen)), stack.enter_context(server(0.0, seen)), seen


def project(folder: Path, *urls: str) -> Project:
    listed = ", ".join(f'"{url}"' for url in urls)
    (folder / "rushes.toml").write_text(f"[providers.fal]\nurl = [{listed}]\n")
    return Project(load_config(folder, {"home": str(folder / "home")}, {}))


def url_of(project: Project) -> str:
    return str(project.provider("fal").access.url)  # type: ignore[attr-defined]


def settle(project: Project) -> list[str]:
    """Settle before a run; what was measured anew and is asked from now on."""
    before = remembered(project.ledger, "fal")
    asyncio.run(project.settle_gateways())
    now = remembered(project.ledger, "fal")
    return [now.url] if now is not None and now != before else []


def test_the_fastest_is_asked_and_remembered(tmp_path: Path, places: tuple[str, str, list[str]]) -> None:
    slow, quick, seen = places
    with project(tmp_path, slow, quick) as first:
        assert url_of(first) == slow, "nothing is measured before a run"
        assert settle(first) == [quick]
        found = remembered(first.ledger, "fal")
        assert found is not None and found.seconds < 1.0
        assert url_of(first) == quick
        assert not any("authorization" in one.lower() for one in seen), "no key is sent to be measured"
        asked = len(seen)
        assert settle(first) == [], "a fresh measurement holds"
    with project(tmp_path, slow, quick) as second:
        assert url_of(second) == quick
        assert settle(second) == []
    assert len(seen) == asked


def test_an_old_measurement_is_taken_again(
    tmp_path: Path, places: tuple[str, str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick, _seen = places
    with project(tmp_path, slow, quick) as there:
        settle(there)
        monkeypatch.setattr(gateways, "LASTS", 0.0)
        assert settle(there) == [quick]


def test_what_is_no_address_any_more_is_not_asked(tmp_path: Path, places: tuple[str, str, list[str]]) -> None:
    slow, quick, _seen = places
    with project(tmp_path, slow, quick) as there:
        settle(there)
    with project(tmp_path, slow, "http://127.0.0.1:9/") as other:
        assert url_of(other) == slow
        assert settle(other) == [slow]


def test_where_nothing_answers_the_first_stays(tmp_path: Path) -> None:
    with project(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:19") as there:
        assert settle(there) == []
        assert remembered(there.ledger, "fal") is None
        assert url_of(there) == "http://127.0.0.1:9"


def test_a_job_that_is_out_keeps_its_address(tmp_path: Path, places: tuple[str, str, list[str]]) -> None:
    slow, quick, seen = places
    with project(tmp_path, slow, quick) as there:
        run = RunId("run-1")
        there.ledger.create_run(record("run-1"))
        sent = reserved(attempt="run-1/1", provider="fal")
        there.ledger.reserve(run, sent, "owner", 1.0)
        there.ledger.append(run, [Submitting(attempt=sent.attempt, idempotency_key="k")], 2.0)
        assert settle(there) == []
        assert seen == []
        assert url_of(there) == slow
        there.ledger.append(run, [failed(sent)], 3.0)
        assert settle(there) == [quick]


def failed(sent: Reserved) -> Failed:
    return Failed(attempt=sent.attempt, place=sent.place, error=ErrorClass.INVALID_INPUT, says="no", final=True)


@pytest.mark.parametrize("value", ["[]", '["ftp://x"]', '["https://a.example", 5]', '{a = "b"}'])
def test_what_is_no_list_of_addresses_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "rushes.toml").write_text(f"[providers.fal]\nurl = {value}\n")
    with pytest.raises(ConfigError, match=r"providers\.fal"):
        load_config(tmp_path, {"home": str(tmp_path)}, {})
