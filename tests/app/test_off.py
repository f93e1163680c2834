"""G-Labs is off: nobody is sent to it by a document alone, and never by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.model.problem import ProblemsError
from rushes.model.run import RunOptions

URL = '[providers.glabs]\nurl = "http://127.0.0.1:8765"\n'
MODEL = '[models]\nnano_banana_2 = "glabs"\n'


def planned(folder: Path, model: str, named: str | None, flag: str | None, toml: str) -> Prepared:
    provider = f", provider: {named}" if named else ""
    file = folder / "fox.yaml"
    file.write_text(f"steps:\n  - {{name: still, type: text_to_image, model: {model}, prompt: A fox{provider}}}\n")
    (folder / "rushes.toml").write_text(toml)
    flags = {} if flag is None else {"provider": flag}
    with Project.open(folder, home=folder / "home", **flags) as project:
        return asyncio.run(prepare(project, file, RunOptions()))


@pytest.mark.parametrize(
    ("model", "named", "flag", "toml"),
    [
        ("nano_banana_2_lite", None, "auto", ""),  # the only one who has it
        ("nano_banana_2_lite", None, "auto", URL),
        ("nano_banana_2", "glabs", None, ""),  # a document, which may be somebody else's
        ("nano_banana_2", None, "auto", MODEL),
    ],
)
def test_it_is_refused_where_nobody_switched_it_on(
    tmp_path: Path, model: str, named: str | None, flag: str | None, toml: str
) -> None:
    with pytest.raises(ProblemsError) as raised:
        planned(tmp_path, model, named, flag, toml)
    assert [one.code for one in raised.value.problems] == ["provider-off"]
    assert "--provider glabs" in raised.value.problems[0].try_


@pytest.mark.parametrize(
    ("model", "named", "flag", "toml", "asked"),
    [
        ("nano_banana_2", None, "glabs", "", "glabs"),
        ("nano_banana_2_lite", None, "glabs", "", "glabs"),
        ("nano_banana_2", "glabs", None, URL, "glabs"),
        ("nano_banana_2", None, "auto", URL + MODEL, "glabs"),
        ("nano_banana_2", None, "auto", URL, "fal"),  # others have it, so it is never meant by itself
    ],
)
def test_it_is_asked_where_a_person_said_so(
    tmp_path: Path, model: str, named: str | None, flag: str | None, toml: str, asked: str
) -> None:
    (node,) = planned(tmp_path, model, named, flag, toml).plan.nodes
    assert node.provider == asked
