"""The only file that knows torch and diffusers: a pipeline is loaded, and called with what fits it."""

from __future__ import annotations

import gc
import inspect
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoPipelineForImage2Image,
    AutoPipelineForInpainting,
    AutoPipelineForText2Image,
    DiffusionPipeline,
)
from PIL import Image, ImageOps

from rushes.providers.diffusers.job import Job, picture_name
from rushes.providers.diffusers.worker.fit import Fitted, Takes, fit

_OPERATIONS = ("text_to_image", "image_to_image", "text_to_video", "image_to_video")
_STEP = 16  # sides in pixels: every pipeline of today takes multiples of 8, most of 16
_LONGEST = 500  # characters of what a library says


class _CalledOff(Exception):
    """Nobody wants it any more; raised between two steps."""


class Painter:
    """A loaded pipeline on its device."""

    def __init__(self, pipe: Any, device: str) -> None:
        self._pipe = pipe
        self._device = device

    @classmethod
    def load(cls, folder: Path, known: Path, job: Job) -> Painter | None:
        """The pipeline of a folder, on the card where there is one; None when it failed, which the job then says."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            pipe = DiffusionPipeline.from_pretrained(str(folder), dtype=_dtype(device), local_files_only=True)
            pipe.set_progress_bar_config(disable=True)
            painter = cls(pipe.to(device), device)
            painter._tell(known)
        except Exception as error:
            _fail(job, error, "load")
            return None
        return painter

    def paint(self, job: Job, unchanged: Callable[[], bool]) -> bool:
        """Do one job; whatever happens is written into its folder. False when this process had better end.

        `unchanged` says whether the files are still those of the pipeline that was asked for: weights that are read
        from a file as they are needed change with it.
        """
        asked = job.asked()
        try:
            if asked is not None:
                self._paint(job, asked, unchanged)
        except _CalledOff:
            return True
        except Exception as error:
            card = self._device != "cpu" and isinstance(error, RuntimeError)
            _fail(job, error, "crash" if card else "error")
            return not card  # after some errors of a card everything fails, until there is a new process
        finally:
            gc.collect()
            if self._device == "cuda":
                torch.cuda.empty_cache()
        return True

    def _paint(self, job: Job, asked: Mapping[str, Any], unchanged: Callable[[], bool]) -> None:
        pipe = self._for(asked["wishes"]["op"], masked="mask" in asked["inputs"])
        takes = takes_of(pipe)
        fitted = fit(asked["wishes"], asked["inputs"], takes)
        if fitted.refused is not None:
            job.fail("input", fitted.refused)
            return
        ours = {
            # on the CPU whatever the device: the same noise everywhere
            "generator": torch.Generator("cpu").manual_seed(int(asked["seed"])),
            "callback_on_step_end": _between_steps(job, pipe),
            "output_type": "pil",
        }
        ours = {name: value for name, value in ours.items() if name in takes.takes}
        said = f" (not taken: {', '.join(fitted.left_out)})" if fitted.left_out else ""
        job.begin(f"painting on {self._device}{said}")
        answer = pipe(**fitted.call, **_opened(fitted), **ours)
        if any(getattr(answer, "nsfw_content_detected", None) or ()):
            job.fail("refused", "the pipeline's own safety checker blanked the picture")
            return
        if not unchanged():
            job.fail("changed", "what came out belongs to no version of them")
            return
        _keep(job, answer, fitted)

    def _for(self, op: str, *, masked: bool = False) -> Any:
        """The pipeline that does this operation with the same weights: the loaded one, or its sibling of that work."""
        takes = takes_of(self._pipe)
        wanted: Any = None
        if takes.films:
            return self._pipe
        if op == "text_to_image" and "image" in takes.takes:
            wanted = AutoPipelineForText2Image
        elif op == "image_to_image" and masked and "mask_image" not in takes.takes:
            wanted = AutoPipelineForInpainting
        elif op == "image_to_image" and "image" not in takes.takes:
            wanted = AutoPipelineForImage2Image
        if wanted is None:
            return self._pipe
        try:
            sibling = wanted.from_pipe(self._pipe)
        except ValueError:  # it has none: what it cannot do is said when the wishes are fitted to it
            return self._pipe
        sibling.set_progress_bar_config(disable=True)
        return sibling

    def _tell(self, known: Path) -> None:
        """Write down what each operation takes, so that the next plan can say what will be left out."""
        told = {op: takes_of(self._for(op))._asdict() for op in _OPERATIONS}
        known.parent.mkdir(parents=True, exist_ok=True)
        new = known.with_name(f"{known.name}.{os.getpid()}")
        new.write_text(json.dumps(told), "utf-8")
        new.replace(known)


def takes_of(pipe: Any) -> Takes:
    """What a pipeline's call takes, read off its signature; its size off that, or off the model inside."""
    parameters = inspect.signature(pipe.__call__).parameters
    named = {
        name: one
        for name, one in parameters.items()
        if one.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    }
    needs = tuple(name for name, one in named.items() if one.default is inspect.Parameter.empty)
    return Takes(type(pipe).__name__, tuple(named), needs, _side(pipe, named), _STEP)


def _side(pipe: Any, named: Mapping[str, inspect.Parameter]) -> tuple[int, int] | None:
    width, height = (named[name].default if name in named else None for name in ("width", "height"))
    if isinstance(width, int) and isinstance(height, int):
        return width, height
    model = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    size = getattr(pipe, "default_sample_size", None) or getattr(getattr(model, "config", None), "sample_size", None)
    scale = getattr(pipe, "vae_scale_factor", None)
    if not isinstance(size, int) or not isinstance(scale, int):
        return None
    return size * scale, size * scale


def _dtype(device: str) -> torch.dtype:
    """Half the memory on a card; what every CPU can do on a CPU."""
    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _opened(fitted: Fitted) -> dict[str, Image.Image]:
    pictures = {}
    for name, path in fitted.pictures.items():
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("L" if name == "mask_image" else "RGB")
        pictures[name] = picture if fitted.scaled is None else ImageOps.fit(picture, fitted.scaled)
    return pictures


def _between_steps(job: Job, pipe: Any) -> Callable[..., dict[str, Any]]:
    def after(_pipe: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        if job.called_off():
            raise _CalledOff
        of = getattr(pipe, "num_timesteps", None)
        job.begin(f"step {step + 1}" + (f" of {of}" if of else ""), step + 1, of)
        return tensors

    return after


def _keep(job: Job, answer: Any, fitted: Fitted) -> None:
    """Every picture on disk, then the fact: what is there is whole."""
    pictures = answer.frames[0] if fitted.fps is not None else answer.images[:1]
    draft = job.draft()
    for number, picture in enumerate(pictures):
        with (draft / picture_name(number)).open("wb") as out:
            picture.save(out, "PNG", compress_level=1)
            out.flush()
            os.fsync(out.fileno())
    job.keep(draft, len(pictures), fitted.fps, list(fitted.left_out))


def _fail(job: Job, error: Exception, code: str) -> None:
    says = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
    out_of_memory = isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in says
    job.fail("memory" if out_of_memory else code, says)
