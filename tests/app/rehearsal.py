"""A rehearsal of a workflow against simulated fal and Gemini: stills first, then all of it, then once more.

`python -m tests.app.rehearsal` plays the eight scenes in two fresh homes and says whether both came to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"
SETTINGS = 'provider = "auto"\n\n[models]\nnano_banana_2 = "gemini"\n'
"""Each model is asked for at its own provider; the pictures, which fal would have too, at Gemini."""

MEDIA = (".png", ".jpg", ".jpeg", ".webp", ".mp4", ".wav", ".mp3", ".txt")
"""Outputs. Manifests, reports and filled-in files beside them name the run and its time."""


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What one rehearsal left: digests of the outputs by name, the simulator's books, and what each run said."""

    outputs: dict[str, str]
    books: dict[str, Any]
    runs: list[dict[str, Any]] = field(default_factory=list)


def rehearse(folder: Path, workflow: Path, *, seed: int = 7, most_side: int | None = None) -> Rehearsal:
    """Play a workflow in an empty folder, with a home and a simulator of its own; its references lie beside it."""
    folder.mkdir(parents=True)
    shutil.copy(workflow, folder)
    if (workflow.parent / "assets").is_dir():
        shutil.copytree(workflow.parent / "assets", folder / "assets")
    (folder / "rushes.toml").write_text(SETTINGS)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
    environ["RUSHES_HOME"] = str(folder / "home")
    with _simulator(environ, seed, most_side) as url:
        environ["RUSHES_SIM"] = url
        runs = [
            _said(folder, environ, "run", workflow.name, "--pick", "best", *mode)
            for mode in (("--mode", "images"), (), ())
        ]
        books = _said(folder, environ, "sim", "report", "--url", url)
    return Rehearsal(outputs=_outputs(folder), books=books, runs=runs)


@contextmanager
def _simulator(environ: dict[str, str], seed: int, most_side: int | None) -> Iterator[str]:
    command = [sys.executable, "-m", "rushes", "sim", "--port", "0", "--seed", str(seed), "--time-scale", "0.01"]
    command += [] if most_side is None else ["--most-side", str(most_side)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()


def _said(folder: Path, environ: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "rushes", *arguments, "--json"]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    return data


def _outputs(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((folder / "Assets").rglob("*"))
        if path.suffix in MEDIA
    }


def told(one: Rehearsal, other: Rehearsal) -> list[str]:
    """What two rehearsals came to, for people."""
    stills, films, again = one.runs
    books = one.books
    same = one.outputs == other.outputs and one.books == other.books
    return [
        f"stills  {stills['counts']['bought']} made, ${stills['spent_usd']}",
        f"films   {films['counts']['bought']} made, ${films['spent_usd']}",
        f"again   {again['counts']['bought']} made, ${again['spent_usd']}",
        f"books   {books['accepted']} accepted, ${books['billed']} billed, {len(books['duplicates'])} bought twice",
        f"outputs {len(one.outputs)} files; second time in a fresh home: {'the same' if same else 'NOT THE SAME'}",
    ]


def main() -> int:
    """The eight scenes, twice."""
    with tempfile.TemporaryDirectory(prefix="rushes-rehearsal-") as folder:
        one, other = (rehearse(Path(folder) / name, EXAMPLES / "LIGHT-V0-1.nbflow") for name in ("one", "other"))
    for line in told(one, other):
        print(line)
    return 0 if one.outputs == other.outputs and one.books == other.books else 1


if __name__ == "__main__":
    sys.exit(main())
