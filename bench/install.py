"""How much the core install is: packages and bytes of `pip install rushes`, from the hashed lock, into an empty folder.

Target: under 30 packages and under 230 MB. Extras are not in it; what was compiled to byte code is not counted.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import PYTHON, ROOT, Figure

BUILD = {"editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}
SPEECH = "espeakng-loader"
"""What the lock file has beside the core: the build backend with its needs, and the voice of the extra `speech`."""


def measure() -> Iterator[Figure]:
    """Install, count, weigh."""
    with tempfile.TemporaryDirectory() as folder:
        needed = Path(folder) / "requirements.txt"
        needed.write_text(core((ROOT / "requirements.txt").read_text()))
        there = Path(folder) / "site"
        command = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "--target", there, "-r", needed], check=True)
        size = sum(path.stat().st_size for path in there.rglob("*") if path.is_file() and not path.is_symlink())
        size += sum(path.stat().st_size for path in (ROOT / "src" / "rushes").rglob("*") if path.suffix != ".pyc")
        packages = len(list(there.glob("*.dist-info"))) + 1
    yield Figure(name="packages of the core install", value=packages, limit=30, unit="")
    yield Figure(name="the core install", value=size / 1e6, limit=230, unit="MB")


def core(lock: str) -> str:
    """The lock file without what the core does not need."""
    blocks = re.split(r"\n(?=[a-z0-9])", lock)
    kept = [one for one in blocks if re.split(r"[=\[ ]", one, maxsplit=1)[0] not in {*BUILD, SPEECH}]
    return "\n".join(kept) + "\n"
