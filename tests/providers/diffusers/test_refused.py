"""What a plan is told before anything is started, with or without the extra."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.providers.diffusers.folders import pipeline
from tests.providers.diffusers.rig import asked, context, room

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.providers.diffusers import workers
from rushes.providers.diffusers.provider import Diffusers
from rushes.testing.requests import request_of
from rushes.testing.subject import finish


def problems(provider: Diffusers, recipe: Recipe) -> list[tuple[str, str]]:
    return [(one.says, one.try_) for one in provider.validate(recipe) if one.severity is Severity.ERROR]


def test_without_the_extra_a_plan_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "find_spec", lambda name: None if name == "torch" else object())
    provider = Diffusers(room(tmp_path, sys.executable))
    recipe = asked(provider, pipeline(tmp_path / "still"))
    assert problems(provider, recipe) == [
        (
            "torch is not installed",
            "install it: pip install 'rushes[local]', or name a Python that has it: "
            "RUSHES_DIFFUSERS_PYTHON=/path/to/python",
        )
    ]


def test_an_interpreter_that_is_none_is_named(tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, str(tmp_path / "no-python")))
    (found,) = problems(provider, asked(provider, pipeline(tmp_path / "still")))
    assert "no-python' is no Python that can be run" in found[0] and "RUSHES_DIFFUSERS_PYTHON" in found[1]


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("#!/bin/sh\nexit 3\n", "ended with code 3"),
        ("#!/bin/sh\necho 'unknown option -P' >&2\nexit 2\n", "unknown option -P"),
        ("no program at all", "cannot be started"),
    ],
)
def test_an_interpreter_that_cannot_work_fails_the_job_and_ends(program: str, says: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(program)
    python.chmod(0o755)
    provider = Diffusers(room(tmp_path, str(python)))

    async def run() -> None:
        given = context(tmp_path)
        submitted = await provider.submit(request_of(asked(provider, pipeline(tmp_path / "still"))), given)
        for _ in range(1000):
            await provider.poll(submitted.remote, given)
            await given.sleep(0.5)

    with pytest.raises(RemoteError, match=says) as caught:
        asyncio.run(run())
    assert not caught.value.maybe_billed and caught.value.next_step


@pytest.mark.skipif(find_spec("torch") is not None, reason="this very Python has torch")
def test_another_interpreter_without_the_extra_says_so(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    provider = Diffusers(room(tmp_path, str(python)))
    request = request_of(asked(provider, pipeline(tmp_path / "still")))

    async def run() -> None:
        await finish(provider, request, context(tmp_path))

    with pytest.raises(RemoteError, match="torch and diffusers are not installed for this Python") as caught:
        asyncio.run(run())
    asyncio.run(provider.close())
    assert "rushes[local]" in caught.value.next_step


def test_weights_that_changed_after_the_plan_make_nothing_under_its_key(tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, "/bin/sh"))
    request = request_of(asked(provider, pipeline(tmp_path / "still")))
    pipeline(tmp_path / "still", weights=b"other weights")
    with pytest.raises(RemoteError, match="have changed since this was planned") as caught:
        asyncio.run(provider.submit(request, context(tmp_path)))
    assert caught.value.kind is ErrorClass.INVALID_INPUT


def test_a_model_of_the_catalogue_is_no_pipeline(tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, "/bin/sh"))
    (found,) = problems(provider, asked(provider, "flux_dev"))
    assert "no folder 'flux_dev'" in found[0]


def test_speech_is_not_done(tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, "/bin/sh"))
    (found,) = problems(provider, asked(provider, "x/y", Operation.TEXT_TO_SPEECH))
    assert "text_to_speech is not done" in found[0]


@pytest.mark.parametrize("known", ["", "{", "[]", '{"text_to_image": {}}', '{"text_to_image": {"side": 5}}'])
def test_a_damaged_note_of_what_a_pipeline_takes_is_no_note(known: str, tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, "/bin/sh"))
    recipe = asked(provider, pipeline(tmp_path / "still"))
    note = tmp_path / "diffusers" / "known" / f"{recipe.model.partition('/')[2]}.json"
    note.parent.mkdir(parents=True)
    note.write_text(known)
    assert not provider.validate(recipe)


def test_no_key_of_anybody_goes_along() -> None:
    plain = {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "1"}
    secret = dict.fromkeys(("FAL_KEY", "HF_TOKEN", "RUSHES_KEY_FAL", "AWS_ACCESS_KEY_ID", "RUSHES_LEDGER"), "secret")
    theirs = workers._environment(plain | secret)
    assert "secret" not in theirs.values()
    assert plain.items() <= theirs.items() and theirs["HF_HUB_OFFLINE"] == "1"
