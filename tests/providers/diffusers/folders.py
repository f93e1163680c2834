"""Folders that look like pipelines, for what is decided without torch."""

from __future__ import annotations

import json
from pathlib import Path


def pipeline(folder: Path, weights: bytes = b"weights", **index: object) -> Path:
    """A folder with an index and one component of these weights."""
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    named = {"_class_name": "StillPipeline", "unet": ["diffusers", "UNet"], "safety_checker": [None, None], **index}
    (folder / "model_index.json").write_text(json.dumps(named))
    (folder / "unet" / "weights.safetensors").write_bytes(weights)
    return folder
