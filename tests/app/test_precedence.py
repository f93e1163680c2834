"""Flags beat the environment, which beats `rushes.toml`, which beats the document; a step yields to flags only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.model.run import RunOptions
from rushes.model.workflow import Pick
from rushes.testing.provider import ScriptedProvider

DOCUMENT = """\
name: film
settings: {approve: best, max_workers: 2, attempts: 2, provider: documented}
steps:
  - {name: still, type: text_to_image, prompt: a fox}
  - {name: other, type: text_to_image, prompt: an owl, provider: stepwise}
"""
FILE = 'pick = "first-clean"\nconcurrency = 3\nattempts = 3\nprovider = "filed"\n'
ENVIRONMENT = {
    "RUSHES_PICK": "ask",
    "RUSHES_CONCURRENCY": "4",
    "RUSHES_ATTEMPTS": "4",
    "RUSHES_PROVIDER": "environed",
}
FLAGS = RunOptions(pick=Pick.BEST, concurrency=5, attempts=5, provider="flagged")
PROVIDERS = ("documented", "stepwise", "filed", "environed", "flagged")


def prepared(folder: Path, *, file: str = "", environ: dict[str, str] | None = None, flags: RunOptions) -> Prepared:
    (folder / "film.yaml").write_text(DOCUMENT)
    (folder / "rushes.toml").write_text(file)
    config = load_config(folder, {"home": folder / "home"}, environ or {})
    with Project(config, {name: ScriptedProvider(name) for name in PROVIDERS}) as project:
        return asyncio.run(prepare(project, folder / "film.yaml", flags))


@pytest.mark.parametrize(
    ("given", "pick", "number", "provider"),
    [
        ({"flags": RunOptions()}, Pick.BEST, 2, "documented"),
        ({"flags": RunOptions(), "file": FILE}, Pick.FIRST_CLEAN, 3, "filed"),
        ({"flags": RunOptions(), "file": FILE, "environ": ENVIRONMENT}, Pick.ASK, 4, "environed"),
        ({"flags": FLAGS, "file": FILE, "environ": ENVIRONMENT}, Pick.BEST, 5, "flagged"),
    ],
    ids=["document", "project file", "environment", "flags"],
)
def test_whoever_is_nearer_to_the_person_wins(
    given: dict[str, object], pick: Pick, number: int, provider: str, tmp_path: Path
) -> None:
    found = prepared(tmp_path, **given)  # type: ignore[arg-type]
    assert (found.setting.pick, found.setting.attempts, found.concurrency) == (pick, number, number)
    still, other = found.plan.nodes
    assert still.provider == provider
    assert other.provider == ("flagged" if provider == "flagged" else "stepwise"), "a default is not for this step"
