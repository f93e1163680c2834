"""What an account is called: the same for the same key, another for another, and never the key."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from rushes.app.accounts import account_name
from rushes.app.config import load_config
from rushes.app.keyring import Keyring
from rushes.app.project import Project
from rushes.errors import UserError


def project(home: Path, **flags: str) -> Project:
    return Project(load_config(home, {"home": str(home), **flags}))


def test_an_account_is_named_by_a_digest_of_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "id:secret-of-mine")
    name = account_name(project(tmp_path), "fal")
    assert name == "fal@" + sha256(b"id:secret-of-mine").hexdigest()[:8]
    assert account_name(project(tmp_path), "fal") == name, "another process says the same"
    monkeypatch.setenv("FAL_KEY", "id:another")
    assert account_name(project(tmp_path), "fal") != name


def test_a_simulator_has_accounts_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "id:secret-of-mine")
    assert account_name(project(tmp_path, sim="http://127.0.0.1:1"), "fal") == "fal@simulated"


def test_no_keyring_is_asked_for_what_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(_ring: Keyring) -> bool:
        raise AssertionError("the keyring was asked")

    monkeypatch.setattr(Keyring, "works", asked)
    assert [account_name(project(tmp_path), one) for one in ("sketch", "comfyui")] == ["sketch@-", "comfyui@-"]


def test_without_a_key_or_with_one_that_can_be_none_it_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FAL_KEY", "RUSHES_KEY_FAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Keyring, "works", lambda _ring: False)
    assert account_name(project(tmp_path), "fal") == "fal@-"
    monkeypatch.setenv("FAL_KEY", "no colon")
    assert account_name(project(tmp_path), "fal") == "fal@-"


def test_there_is_no_account_where_there_is_no_provider(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'fall'"):
        account_name(project(tmp_path), "fall")
