"""A client over a project of its own, with a provider whose every answer is written down beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.python.client import Client
from rushes.testing.provider import ScriptedProvider

SMALL = {"resolution": "360p"}
PAID: dict[str, Any] = {"provider": "scripted"}


def client_over(folder: Path, provider: ScriptedProvider, ledger: str | None = None, **opening: Any) -> Client:
    """A client whose `scripted` is this provider; its home lies below the folder, and its ledger there or elsewhere."""
    config = load_config(folder, {"home": folder / "home", "ledger": ledger}, {})
    project = Project(config, {"scripted": provider})
    return Client.over(project, folder, **opening)


def drawing(folder: Path, **opening: Any) -> Client:
    """A client whose pictures are sketched."""
    return Client(folder, home=folder / "home", **opening)
