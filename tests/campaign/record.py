"""The figures of full forms, a line each in `bench/proofs.jsonl`: what `docs/proofs.md` shows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROOFS = ROOT / "bench" / "proofs.jsonl"


def commit() -> str:
    """The commit that this tree is, in short."""
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "no-commit"


def record(campaign: str, figures: Mapping[str, Any], tried: str | None = None) -> None:
    """Append one line: which campaign, when, of what (a commit; None: this one), where, and what it came to."""
    line = {
        "campaign": campaign,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": tried or commit(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "figures": dict(figures),
    }
    with PROOFS.open("a") as file:
        file.write(json.dumps(line) + "\n")
