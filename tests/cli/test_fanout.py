"""`rushes fanout`, as people call it: what it writes, what it says, and what it refuses with nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rushes as rushes_
from rushes.app.fanout_write import write_proven
from rushes.errors import DamagedError, UserError

from .conftest import Rushes

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILE, OUT = "LIGHT-V0-1.nbflow", "LIGHT-V0-1-fanout.nbflow"


@pytest.fixture
def light(place: Path) -> Path:
    """The example with its accounts; where the new file will be."""
    for name in (FILE, "accounts.yaml"):
        shutil.copy(EXAMPLES / name, place / name)
    shutil.copytree(EXAMPLES / "assets", place / "assets")
    return place / OUT


def test_the_example_is_copied_for_its_accounts_and_runs(light: Path, rushes: Rushes) -> None:
    before = (light.parent / FILE).read_bytes()
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml")
    assert said.code == 0, said.err
    assert (light.parent / FILE).read_bytes() == before
    assert max(map(len, said.out.splitlines())) <= 80
    assert "PEARL               3     +200,000     18        15     3     17          3" in said.out
    assert "proven    2 copies of MARLOW: standard parts identical to the byte" in said.out
    assert "warning" not in said.err, "the example's own persona has no hole"
    assert rushes("check", OUT).code == 0
    ran = rushes("run", OUT, "--mode", "images", "--pick", "first-clean", "--tab", "PEARL", "--json")
    assert ran.code == 0 and ran.json["data"]["counts"]["failed"] == 0
    assert ran.json["data"]["counts"]["bought"] == 36, "seven scenes and two stills, four candidates of each"


def test_a_dry_run_says_the_same_and_writes_nothing(light: Path, rushes: Rushes) -> None:
    dry = rushes("fanout", FILE, "--accounts", "accounts.yaml", "--dry-run", "--json").json["data"]
    assert dry.pop("out") is None and not light.exists()
    wet = rushes("fanout", FILE, "--accounts", "accounts.yaml", "--json").json["data"]
    assert wet.pop("out") == OUT and wet == dry


def test_no_file_is_ever_written_over(light: Path, rushes: Rushes) -> None:
    light.write_text("mine")
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml")
    assert said.code == 2 and "is there already" in said.err and light.read_text() == "mine"
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml", "-o", FILE)
    assert said.code == 2 and "is there already" in said.err
    with pytest.raises(UserError, match="is there already"):
        write_proven(light, b"{}", lambda data: [])
    assert light.read_text() == "mine"


def test_what_is_not_proven_is_not_written_and_nothing_is_left(place: Path) -> None:
    seen: list[bytes] = []

    def prove(data: bytes) -> list[str]:
        seen.append(data)
        return ["PEARL, nodes[1]: one byte"]

    with pytest.raises(DamagedError, match="one byte"):
        write_proven(place / OUT, b"{}", prove)
    assert seen == [b"{}"] and list(place.iterdir()) == []


def test_a_writer_that_drifts_by_one_value_is_caught_by_the_command(light: Path, tmp_path: Path) -> None:
    source = tmp_path / "src" / "rushes"
    shutil.copytree(Path(rushes_.__file__).parent, source, ignore=shutil.ignore_patterns("__pycache__"))
    writer = source / "spec" / "fanout.py"
    right = "[Edit(one.path, one.new) for one in changes]"
    drift = 'Edit(("graphData", "nodes", 4, "properties", "outputCount"), 3)'
    assert writer.read_text().count(right) == 1
    writer.write_text(writer.read_text().replace(right, f"[*{right}, {drift}]"))
    call = [sys.executable, "-m", "rushes", "fanout", FILE, "--accounts", "accounts.yaml"]
    before = sorted(light.parent.rglob("*"))
    done = subprocess.run(call, env=os.environ | {"PYTHONPATH": str(source.parent)}, capture_output=True, text=True)
    assert done.returncode == 6 and "PEARL, graphData.nodes[5].properties.outputCount" in done.stderr, done.stderr
    assert sorted(light.parent.rglob("*")) == before, "nothing is left"


def test_a_new_file_is_there_whole_and_for_all_who_may_see_the_folder(place: Path) -> None:
    write_proven(place / OUT, b"{}", lambda data: [])
    assert [path.name for path in place.iterdir()] == [OUT]
    assert (place / OUT).read_bytes() == b"{}" and (place / OUT).stat().st_mode & 0o777 == 0o644


def test_everything_wrong_with_the_accounts_is_said_with_its_line_before_anything_is_written(
    light: Path, rushes: Rushes
) -> None:
    accounts = light.parent / "accounts.yaml"
    text = accounts.read_text()
    accounts.write_text(text.replace("yellow raincoat", "yelow raincoat").replace("Veo: lantern", "Vio: lantern"))
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml")
    assert said.code == 2 and not light.exists()
    assert "accounts.yaml:9:3  fan-words" in said.err and "did you mean 'Veo: lantern reveal'?" in said.err
    accounts.write_text(text.replace("assets/pepper.png", "assets/nobody.png"))
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml")
    assert said.code == 2 and "there is no file assets/nobody.png" in said.err and "accounts.yaml:14" in said.err


def test_rows_that_do_not_fit_together_are_found_before_anything_is_written(light: Path, rushes: Rushes) -> None:
    accounts = light.parent / "accounts.yaml"
    accounts.write_text("tab: MARLOW\naccounts: [{code: PEARL, rows: {scene: [One., Two.]}}]\n")
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml")
    assert said.code == 2 and "rows-disagree" in said.err and not light.exists()


def test_which_tab_and_which_accounts_is_asked_and_answered_by_name(light: Path, rushes: Rushes) -> None:
    accounts = light.parent / "accounts.yaml"
    accounts.write_text("accounts: [{code: PEARL}, {code: JUNO}, {code: PEPPER}]\n")
    call = ("fanout", FILE, "--accounts", "accounts.yaml", "--dry-run")
    said = rushes(*call)
    assert said.code == 2 and "--tab NAME, of MARLOW, PEPPER" in said.err
    assert "did you mean 'MARLOW'?" in rushes(*call, "--tab", "MARLOV").err
    said = rushes(*call, "--tab", "MARLOW")
    assert said.code == 2 and "has a tab 'PEPPER' already" in said.err and "accounts.yaml:1:" in said.err
    assert "there is no account 'PERL'" in rushes(*call, "--tab", "MARLOW", "--only", "PERL").err
    found = rushes(*call, "--tab", "MARLOW", "--only", "PEARL", "--json").json["data"]
    assert [one["account"] for one in found["accounts"]] == ["PEARL"]
    assert rushes(*call, "--tab", "PEPPER", "--only", "PEPPER").code == 2, "its own account needs no copy"


def test_files_beside_the_workflow_keep_it_in_its_folder(light: Path, rushes: Rushes) -> None:
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml", "-o", "other/NEW.nbflow")
    assert said.code == 2 and "would be in another folder" in said.err
    assert rushes("fanout", FILE, "--accounts", "accounts.yaml", "-o", "NEW.json").code == 2
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml", "-o", "NEW.nbflow")
    assert said.code == 0 and json.loads((light.parent / "NEW.nbflow").read_text())["name"] == "NEW"


def test_accounts_from_another_folder_bring_their_avatars(light: Path, rushes: Rushes) -> None:
    people = light.parent / "people"
    people.mkdir()
    shutil.copy(EXAMPLES / "assets" / "pepper.png", people / "pearl.png")
    text = "tab: MARLOW\naccounts: [{code: PEARL, avatar: pearl.png}]\n"
    (people / "accounts.yaml").write_text(text)
    found = rushes("fanout", FILE, "--accounts", "people/accounts.yaml", "--json").json["data"]
    swapped = [one for one in found["accounts"][0]["customised"] if one["field"] == "imageData"]
    assert [(one["old"], one["new"]) for one in swapped] == [("assets/marlow.png", "people/pearl.png")]
    assert rushes("check", OUT).code == 0


def test_yaml_is_told_what_does_it_there(hello: Path, rushes: Rushes) -> None:
    (hello.parent / "accounts.yaml").write_text("accounts: [{code: PEARL}]\n")
    said = rushes("fanout", "hello.yaml", "--accounts", "accounts.yaml")
    assert said.code == 2 and "is no node graph" in said.err and "rushes batch" in said.err


def test_a_plan_that_cannot_be_made_is_said_and_stops_nothing(light: Path, rushes: Rushes) -> None:
    said = rushes("fanout", FILE, "--accounts", "accounts.yaml", "--provider", "nobody")
    assert said.code == 0 and light.exists() and "cost      not known: " in said.out


def test_with_another_avatar_a_standard_scene_is_another_request(light: Path, rushes: Rushes) -> None:
    accounts = light.parent / "accounts.yaml"
    accounts.write_text("tab: MARLOW\naccounts: [{code: PEARL}, {code: JUNO, avatar: assets/pepper.png}]\n")
    found = rushes("fanout", FILE, "--accounts", "accounts.yaml", "--json").json["data"]["accounts"]
    assert [(one["account"], one["asks"], one["shared"]) for one in found] == [("PEARL", 17, 17), ("JUNO", 17, 3)]
