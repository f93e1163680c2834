"""`rushes diff`, as people call it: files in any format, runs, and what a difference means."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import GATED, HELLO, Rushes

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILM = """
name: film
steps:
  - {name: fox, type: text_to_image, prompt: a red fox, candidates: 2}
  - {name: pick, type: approve, input_from: fox}
  - {name: runs, type: image_to_video, prompt: it runs, input_from: pick}
  - {name: owl, type: text_to_image, prompt: an owl}
"""


def means(rushes: Rushes, *args: str) -> dict[str, Any]:
    found: dict[str, Any] = rushes("diff", *args, "--json").json["data"]
    return found


def wrote(place: Path, name: str, text: str) -> str:
    (place / name).write_text(text)
    return name


def test_the_same_workflow_in_other_clothes_is_the_same(place: Path, rushes: Rushes) -> None:
    old = wrote(place, "a.yaml", GATED)
    new = wrote(place, "b.json", json.dumps(yaml.safe_load(GATED)))
    said = rushes("diff", old, new, "--exit-code")
    assert said.code == 0 and "the same workflow" in said.out
    assert "means     nothing: of 2 generators none" in said.out


def test_another_name_costs_nothing_and_another_word_costs_all_that_follows(place: Path, rushes: Rushes) -> None:
    old = wrote(place, "a.yaml", FILM)
    new = wrote(place, "b.yaml", FILM.replace("name: fox", "name: vixen").replace("from: fox", "from: vixen"))
    found = means(rushes, old, new)
    assert not found["same"] and found["means"] | {"money": 0} == {
        "generators": 3, "same": 3, "nodes": [], "requests": 0, "money": 0, "dropped": 0
    }  # fmt: skip
    found = means(rushes, old, wrote(place, "c.yaml", FILM.replace("a red fox", "a grey fox")))["means"]
    assert [one["node"] for one in found["nodes"]] == ["fox", "runs"]
    assert (found["generators"], found["same"], found["requests"], found["dropped"]) == (3, 1, 3, 3)


def test_more_candidates_are_asked_and_the_rest_is_not_asked_again(place: Path, rushes: Rushes) -> None:
    old = wrote(place, "a.yaml", FILM)
    found = means(rushes, old, wrote(place, "b.yaml", FILM.replace("candidates: 2", "candidates: 5")))["means"]
    assert found["requests"] == 3 and [(one["node"], one["rows"], one["more"]) for one in found["nodes"]] == [
        ("fox", 0, 1)
    ]
    assert found["dropped"] == 0
    assert means(rushes, "b.yaml", old)["means"]["dropped"] == 3


def test_what_is_asked_anew_is_priced(place: Path, rushes: Rushes) -> None:
    old = wrote(place, "a.yaml", FILM.replace("text_to_image,", "text_to_image, model: nano_banana_2,"))
    new = wrote(place, "b.yaml", (place / old).read_text().replace("an owl", "a brown owl"))
    price = means(rushes, old, new, "--provider", "auto")["means"]["money"]
    one = means(
        rushes, wrote(place, "c.yaml", HELLO), wrote(place, "d.yaml", (place / old).read_text()), "--provider", "auto"
    )
    assert float(price["high"]) > 0 and price["low"] == price["high"] and price["unknown"] == 0
    assert float(one["means"]["money"]["high"]) > 3 * float(price["high"]), "two candidates, an owl and a film"


def test_a_difference_is_told_in_words_within_80_columns(place: Path, rushes: Rushes) -> None:
    for name in ("LIGHT-V0-1.nbflow", "lighthouse.yaml"):
        shutil.copy(EXAMPLES / name, place / name)
    shutil.copytree(EXAMPLES / "assets", place / "assets")
    text = (place / "LIGHT-V0-1.nbflow").read_text()
    new = text.replace("Somebody is late tonight", "Someone is very late tonight", 1).replace(
        '"pos": [\n       0', '"pos": [\n       5'
    )
    said = rushes("diff", "LIGHT-V0-1.nbflow", wrote(place, "LIGHT-V0-2.nbflow", new.replace("a fish", "a herring", 1)))
    assert said.code == 0 and max(map(len, said.out.splitlines())) <= 80
    assert 'A voice says, "[-Somebody-]{+Someone+} is {+very+} late' in said.out
    assert "words     3 of 682 rewritten, 1 %" in said.out and "spoken    2 of 31 words in quotes" in said.out
    assert "means     2 of 10 generators would ask something new: 6 requests" in said.out
    assert "Veo: MARLOW scenes: 2 of 7 rows" in said.out and "Generate: MARLOW scenes: 1 of 7 rows" in said.out
    assert "positions, colours, saved results" in said.out and "pos of 14 nodes" not in said.out
    told = rushes("diff", "LIGHT-V0-1.nbflow", "LIGHT-V0-2.nbflow", "--all")
    assert "pos of" in told.out and max(map(len, told.out.splitlines())) <= 80


def test_the_same_story_in_two_formats_asks_the_same_and_its_generators_are_found(place: Path, rushes: Rushes) -> None:
    for name in ("LIGHT-V0-1.nbflow", "lighthouse.yaml"):
        shutil.copy(EXAMPLES / name, place / name)
    shutil.copytree(EXAMPLES / "assets", place / "assets")
    told = rushes("diff", "lighthouse.yaml", "LIGHT-V0-1.nbflow")
    assert told.code == 0 and max(map(len, told.out.splitlines())) <= 80
    assert "means     nothing: of 10 generators none" in told.out and "rewritten" not in told.out
    found = means(rushes, "lighthouse.yaml", "LIGHT-V0-1.nbflow")
    kept = {(one["old"]["id"], one["new"]["title"]) for one in found["nodes"] if one["old"] and one["new"]}
    assert {("scenes", "Generate: MARLOW scenes"), ("reveal", "Veo: lantern reveal")} <= kept


def test_a_run_stands_for_the_workflow_that_it_began_with(hello: Path, rushes: Rushes) -> None:
    run = rushes("run", "hello.yaml", "--json").json["data"]["run"]
    assert "the same workflow" in rushes("diff", run, "hello.yaml").out
    hello.write_text(HELLO.replace("a red fox", "a grey fox"))
    said = rushes("diff", run, "hello.yaml", "--exit-code")
    assert said.code == 1 and "a [-red-]{+grey+} fox" in said.out and f"run {run} -> hello.yaml" in said.out
    assert rushes("diff", f"run:{run}", "hello.yaml").code == 0
    assert means(rushes, f"RUN:{run}", run)["same"]
    assert means(rushes, run, "hello.yaml")["old"] == {"name": f"run {run}", "file": str(hello), "run": run}


def test_a_run_is_compared_with_what_it_was_asked_with(place: Path, rushes: Rushes) -> None:
    file = wrote(place, "a.yaml", HELLO.replace("a red fox", '"{{input}}"'))
    run = rushes("run", file, "--input", "a red fox", "--json").json["data"]["run"]
    found = means(rushes, run, file)
    assert found["same"] and found["means"]["same"] == 1 and not found["unknown"]


def test_what_cannot_be_planned_is_told_all_the_same(place: Path, rushes: Rushes) -> None:
    old = wrote(place, "a.yaml", HELLO.replace("a red fox", '"{{input}} in the snow"'))
    new = wrote(place, "b.yaml", HELLO.replace("a red fox", '"{{input}} in the rain"'))
    said = rushes("diff", old, new)
    assert said.code == 0 and "[-snow-]{+rain+}" in said.out and "means     not known: a.yaml: it uses" in said.out
    assert means(rushes, old, new, "--input", "a fox")["means"]["requests"] == 1


def test_a_reference_counts_by_its_bytes(place: Path, rushes: Rushes) -> None:
    for name, source in (("x.png", "marlow.png"), ("y.png", "marlow.png"), ("z.png", "pepper.png")):
        shutil.copy(EXAMPLES / "assets" / source, place / name)
    steps = FILM + "  - {name: sheet, type: reference, source: x.png}\n"
    steps += "  - {name: cat, type: image_to_image, input_from: sheet}\n"
    old = wrote(place, "a.yaml", steps)
    found = means(rushes, old, wrote(place, "b.yaml", steps.replace("x.png", "y.png")))
    assert found["nodes"][0]["changes"][0]["says"] == "the same bytes under another name"
    assert found["means"]["same"] == found["means"]["generators"]
    found = means(rushes, old, wrote(place, "c.yaml", steps.replace("x.png", "z.png")))
    assert [one["node"] for one in found["means"]["nodes"]] == ["cat"]


@pytest.mark.parametrize("name", ["nothing.yaml", "20990101-000000-aaaa", "run:20990101-000000-aaaa"])
def test_what_is_neither_a_file_nor_a_run_is_said(hello: Path, rushes: Rushes, name: str) -> None:
    said = rushes("diff", "hello.yaml", name)
    assert said.code == 2 and name.removeprefix("run:") in said.err


def test_a_file_that_is_no_workflow_is_refused_with_its_problems(hello: Path, rushes: Rushes) -> None:
    said = rushes("diff", "hello.yaml", wrote(hello.parent, "bad.yaml", "steps: 7\n"))
    assert said.code == 2 and "bad.yaml:1:1" in said.err


def test_the_newest_run_has_a_name(rushes: Rushes, hello: Path) -> None:
    assert rushes("run", "hello.yaml").code == 0
    said = rushes("diff", "run:last", "hello.yaml", "--json")
    assert said.code == 0 and said.json["data"]["same"] is True
    assert rushes("verify", "--run", "last").code == 0
