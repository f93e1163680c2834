"""`rushes keys` as a person and a script use it."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import null

Rushes = Callable[..., Any]
KEY = "0b1c7d1e-ident:5ecret5ecret5ecret"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("FAL_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "RUSHES_KEY_FAL", "RUSHES_SIM"):
        monkeypatch.delenv(name, raising=False)
    yield
    keyring.set_keyring(before)


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_script_gives_a_key_on_stdin_and_sees_where_it_is_but_never_what_it_is(
    rushes: Rushes, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, KEY + "\n")
    kept = rushes("keys", "set", "fal", "--json")
    assert kept.code == 0 and kept.json["data"]["where"].endswith("keys.toml")
    checked = rushes("keys", "check", "fal")
    assert checked.code == 0 and "keys.toml" in checked.out
    assert KEY not in kept.out + kept.err + checked.out + checked.err
    assert rushes("keys", "delete", "fal").code == 0
    assert rushes("keys", "check", "fal").code == 2


def test_check_names_every_provider_without_a_key_and_the_next_step(rushes: Rushes) -> None:
    found = rushes("keys", "check")
    assert found.code == 0, "nobody has a key for every provider"
    assert "rushes keys set fal" in found.out and "rushes keys set gemini" in found.out
    assert rushes("keys", "check", "fal").code == 2


def test_what_beats_a_kept_key_is_said(rushes: Rushes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "from:environment")
    given(monkeypatch, KEY)
    assert "FAL_KEY is set, and the environment wins" in rushes("keys", "set", "fal").err
    assert "from FAL_KEY" in rushes("keys", "check", "fal").out
    assert "FAL_KEY still gives one" in rushes("keys", "delete", "fal").err


@pytest.mark.parametrize("text", ["", "\n", "not a key\n", "id:" + "x" * 9000])
def test_what_is_no_key_is_a_mistake_and_nothing_is_kept(
    text: str, rushes: Rushes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(monkeypatch, text)
    said = rushes("keys", "set", "fal")
    assert said.code == 2 and "Traceback" not in said.err
    assert not (tmp_path / "home" / "keys.toml").exists()


def test_a_provider_that_takes_no_key_is_named(rushes: Rushes) -> None:
    for name in ("sketch", "nobody", "local"):
        said = rushes("keys", "set", name)
        assert said.code == 2 and "fal, gemini" in said.err


def test_a_key_as_an_argument_is_refused(rushes: Rushes) -> None:
    assert rushes("keys", "set", "fal", KEY).code == 2


def test_whoever_types_a_key_does_not_see_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environ = {**os.environ, "RUSHES_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "rushes", "keys", "set", "fal"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environ, start_new_session=True
    ) as child:
        os.close(theirs)
        shown = b""
        while b"not shown" not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, KEY.encode() + b"\n")
        while b"is kept in" not in shown:
            shown += os.read(ours, 1000)
        child.wait(30)
    os.close(ours)
    assert KEY.encode() not in shown and KEY in (tmp_path / "home" / "keys.toml").read_text()
