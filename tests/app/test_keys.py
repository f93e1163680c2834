"""Keys: the environment wins, a keyring comes next, and the file is its owner's alone."""

from __future__ import annotations

import os
import stat
import traceback
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import null

from rushes.app.keys import Keys, is_key_variable
from rushes.errors import ConfigError, RemoteError, StoreError, UserError
from rushes.plugin.access import Secret

KEY = "0b1c7d1e-ident:5ecret5ecret5ecret"


class Drawer(KeyringBackend):
    """A keyring that works, for as long as the process lives."""

    priority = 5  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    @property
    def name(self) -> str:  # type: ignore[override]
        return "a drawer"

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise RuntimeError(f"locked, and it was {KEY}")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def drawer() -> Drawer:
    found = Drawer()
    keyring.set_keyring(found)
    return found


def revealed(keys: Keys, provider: str = "fal") -> tuple[str, str] | None:
    found = keys.find(provider)
    return None if found is None else (found.secret.reveal(), Path(found.source).name)


def test_a_key_is_kept_in_a_file_that_nobody_else_can_read_and_forgotten_again(tmp_path: Path) -> None:
    where = Keys(tmp_path / "home", {}).keep("fal", Secret(KEY))
    file = Path(where)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and list(file.parent.iterdir()) == [file]
    keys = Keys(tmp_path / "home", {})
    assert revealed(keys) == (KEY, "keys.toml") and keys.find("gemini") is None
    keys.keep("gemini", Secret("another"))
    assert keys.delete("fal") == [where] and keys.delete("fal") == []
    assert revealed(keys) is None and revealed(keys, "gemini") == ("another", "keys.toml")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused_with_what_to_do(mode: int, tmp_path: Path) -> None:
    keys = Keys(tmp_path, {})
    file = Path(keys.keep("fal", Secret(KEY)))
    file.chmod(mode)
    with pytest.raises(ConfigError, match="can be read by others") as caught:
        keys.find("fal")
    assert "chmod 600" in caught.value.next_step and KEY not in str(caught.value)


def test_no_key_is_kept_where_others_could_put_another_file_in_its_place(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(ConfigError, match="others can write"):
        Keys(home, {}).keep("fal", Secret(KEY))
    assert list(home.iterdir()) == []


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(f'fal = "{KEY}"\n')
    (tmp_path / "keys.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="cannot be read"):
        Keys(tmp_path, {}).find("fal")


@pytest.mark.parametrize("text", [f"fal = {KEY}", f'[fal]\nkey = "{KEY}"', "\xff", 'fal = "' + "x" * 300_000 + '"'])
def test_a_damaged_file_says_so_and_shows_nothing_of_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(text, "latin-1")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged") as caught:
        Keys(tmp_path, {}).find("fal")
    shown = "".join(traceback.format_exception(caught.value))
    assert KEY not in shown and "5ecret" not in shown


def test_a_failed_write_leaves_the_keys_that_were_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Keys(tmp_path, {}).keep("fal", Secret(KEY))

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space"):
        Keys(tmp_path, {}).keep("fal", Secret("new:key"))
    assert revealed(Keys(tmp_path, {})) == (KEY, "keys.toml")
    assert [one.name for one in tmp_path.iterdir()] == ["keys.toml"]


def test_the_environment_beats_the_keyring_which_beats_the_file(tmp_path: Path, drawer: Drawer) -> None:
    keyring.set_keyring(null.Keyring())
    Keys(tmp_path, {}).keep("gemini", Secret("filed"))
    assert revealed(Keys(tmp_path, {}), "gemini") == ("filed", "keys.toml")
    keyring.set_keyring(drawer)
    drawer.kept["rushes", "gemini"] = "ringed"
    assert revealed(Keys(tmp_path, {}), "gemini") == ("ringed", "the keyring (a drawer)")
    environ = {"GEMINI_API_KEY": "second", "GOOGLE_API_KEY": "first"}
    assert revealed(Keys(tmp_path, environ), "gemini") == ("first", "GOOGLE_API_KEY")
    assert revealed(Keys(tmp_path, {"RUSHES_KEY_GEMINI": "ours", **environ}), "gemini") == ("ours", "RUSHES_KEY_GEMINI")
    assert revealed(Keys(tmp_path, {"GEMINI_API_KEY": "  "}), "gemini") == ("ringed", "the keyring (a drawer)")


def test_a_key_that_moves_into_the_keyring_leaves_no_copy_in_the_file(tmp_path: Path, drawer: Drawer) -> None:
    keyring.set_keyring(null.Keyring())
    file = Path(Keys(tmp_path, {}).keep("fal", Secret("old:key")))
    keyring.set_keyring(drawer)
    keys = Keys(tmp_path, {})
    assert keys.keep("fal", Secret(KEY)) == "the keyring (a drawer)"
    assert "old:key" not in file.read_text() and revealed(keys) == (KEY, "the keyring (a drawer)")
    assert keys.delete("fal") == ["the keyring (a drawer)"] and drawer.kept == {}


def test_a_locked_keyring_is_an_error_that_repeats_nothing_it_said(tmp_path: Path, drawer: Drawer) -> None:
    drawer.locked = True
    with pytest.raises(StoreError, match="cannot be read: RuntimeError") as caught:
        Keys(tmp_path, {}).find("fal")
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("wrong", ["", "no colon", "id:secret\nX-Evil: 1", "id:sécret", "half", "a:" + "x" * 5000])
def test_what_can_be_no_key_is_refused_before_it_is_kept_or_sent(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Keys(tmp_path, {}).keep("fal", Secret(wrong))
    assert not wrong or wrong not in str(caught.value)
    assert not (tmp_path / "keys.toml").exists()
    if wrong:
        with pytest.raises(ConfigError, match="FAL_KEY"):
            Keys(tmp_path, {"FAL_KEY": wrong}).find("fal")


@pytest.mark.parametrize("name", ["../fal", "", "Fal", 'f"al', "f" * 99])
def test_a_name_that_no_provider_has_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError):
        Keys(tmp_path, {}).keep(name, Secret(KEY))


def test_a_late_key_is_looked_for_when_it_is_needed_and_its_absence_names_the_next_step(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    late = Keys(tmp_path, environ).late("fal")
    environ["FAL_KEY"] = KEY
    assert late.reveal() == KEY and repr(late) == "Secret(...)"
    with pytest.raises(RemoteError) as caught:
        Keys(tmp_path, {}).late("fal").reveal()
    assert caught.value.next_step == "rushes keys set fal"


def test_variables_that_hold_keys_are_known() -> None:
    assert all(map(is_key_variable, ("FAL_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "RUSHES_KEY_OWN")))
    assert not is_key_variable("HOME")
