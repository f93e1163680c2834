"""The rooms of providers that work on this machine: a folder in the home, an interpreter, downloaded models.

The interpreter is named in the environment only: a project file comes with a project, and may be somebody else's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rushes.plugin.room import Room


def room_of(name: str, home: Path, environ: Mapping[str, str] | None = None) -> Room:
    """The room of one provider. `RUSHES_NAME_PYTHON` is its interpreter, else the one that runs this."""
    environ = os.environ if environ is None else environ
    python = environ.get(f"RUSHES_{name.upper()}_PYTHON") or sys.executable
    return Room(folder=home / name, python=python, hub=_hub(environ))


def _hub(environ: Mapping[str, str]) -> Path:
    """Where Hugging Face's tools keep what they download. Source: huggingface_hub/constants.py, 2.4.0."""
    if environ.get("HF_HUB_CACHE"):
        return Path(environ["HF_HUB_CACHE"]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"
