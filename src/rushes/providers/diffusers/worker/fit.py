"""Wishes fitted to one pipeline: what its call takes is given, what it does not take is named, what it needs is missed.

Pure, and used on both sides: the worker gives a pipeline what fits, and a plan says of one that was loaded before what
will be left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

FPS = 16.0
"""Frames a second of a film, when nobody says: diffusers' pipelines do not tell what they were trained for."""

_FIELDS: Mapping[str, Mapping[str, str]] = {
    "text_to_image": {},
    "image_to_image": {"image": "image", "mask": "mask_image"},
    "text_to_video": {},
    "image_to_video": {"start_frame": "image", "end_frame": "last_image"},
}
_OURS = frozenset(
    {"prompt", "image", "mask_image", "last_image", "generator", "output_type", "return_dict", "callback"}
    | {"num_images_per_prompt", "num_videos_per_prompt", "callback_steps", "callback_on_step_end"}
    | {"callback_on_step_end_tensor_inputs"}
)
"""What is decided here and by no parameter of a file."""


class Takes(NamedTuple):
    """The call of a pipeline: the parameters that it takes, those that it needs, and its own size in pixels.

    `side` is the width and height that it was made for (None: it does not say), `step` what sides are a multiple of.
    """

    pipeline: str
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    side: tuple[int, int] | None
    step: int

    @property
    def films(self) -> bool:
        """Whether it makes films."""
        return "num_frames" in self.takes


class Fitted(NamedTuple):
    """`call` are the plain arguments, `pictures` files by argument, `scaled` the size that pictures are brought to.

    `left_out` are the parameters that are not given, by their names; `refused` says why it cannot be done at all.
    """

    call: dict[str, Any]
    pictures: dict[str, str]
    scaled: tuple[int, int] | None
    fps: float | None
    left_out: tuple[str, ...]
    refused: str | None = None


def fit(wishes: Mapping[str, Any], inputs: Mapping[str, Sequence[str]], takes: Takes) -> Fitted:
    """The arguments of one call. `inputs` are picture files by role; a role that the pipeline cannot use is refused."""
    op = str(wishes["op"])
    pictures, refused = _pictures(op, inputs, takes)
    call: dict[str, Any] = {}
    left_out: list[str] = []
    if "prompt" in takes.takes:
        call["prompt"] = wishes["prompt"]
    elif wishes["prompt"]:
        left_out.append("prompt")
    for name, value in wishes["params"].items():
        if name in takes.takes and name not in _OURS:
            call[name] = value
        else:
            left_out.append(name)
    scaled = _put_size(wishes, bool(pictures), takes, call, left_out)
    fps = _put_time(wishes, takes, call, left_out) if takes.films else None
    if not takes.films:
        left_out += [name for name in ("seconds", "fps") if wishes.get(name)]
    return Fitted(call, pictures, scaled, fps, tuple(left_out), refused or _lacks(call, pictures, takes))


def _pictures(op: str, inputs: Mapping[str, Sequence[str]], takes: Takes) -> tuple[dict[str, str], str | None]:
    if takes.films != op.endswith("_video"):
        return {}, f"{takes.pipeline} makes {'films' if takes.films else 'pictures'}, which is not {op}"
    pictures: dict[str, str] = {}
    for role, files in inputs.items():
        field = _FIELDS[op].get(role)
        if field not in takes.takes:
            return {}, f"{takes.pipeline} takes no {role} for {op}"
        if len(files) > 1:
            return {}, f"{takes.pipeline} is given one picture as {role}, not {len(files)}"
        pictures[str(field)] = files[0]
    if op.startswith("image_") and "image" not in pictures:
        return {}, f"{takes.pipeline} is given no picture for {op}"
    return pictures, None


def _lacks(call: Mapping[str, Any], pictures: Mapping[str, str], takes: Takes) -> str | None:
    lacking = [name for name in takes.needs if name not in call and name not in pictures]
    return f"{takes.pipeline} needs {' and '.join(lacking)}" if lacking else None


def _put_size(
    wishes: Mapping[str, Any], pictured: bool, takes: Takes, call: dict[str, Any], left_out: list[str]
) -> tuple[int, int] | None:
    """The size as arguments, or else as the size of the picture that is given: some pipelines go by that alone."""
    size, ratio = wishes.get("size"), wishes.get("ratio")
    if size is None and ratio is not None:
        size = None if takes.side is None else shaped(takes.side, ratio, takes.step)
    if size is None:
        left_out += ["aspect_ratio"] if ratio is not None else []
        return None
    if "width" in takes.takes and "height" in takes.takes:
        call["width"], call["height"] = size
    elif not pictured:
        left_out.append("size")
        return None
    return (int(size[0]), int(size[1])) if pictured else None


def shaped(side: tuple[int, int], ratio: Sequence[int], step: int) -> tuple[int, int]:
    """The size of this shape with the area that a pipeline was made for, in whole steps."""
    area = side[0] * side[1]
    width = math.sqrt(area * ratio[0] / ratio[1])
    return max(step, round(width / step) * step), max(step, round(area / width / step) * step)


def _put_time(wishes: Mapping[str, Any], takes: Takes, call: dict[str, Any], left_out: list[str]) -> float:
    fps = float(wishes.get("fps") or FPS)
    if wishes.get("seconds") and "num_frames" not in call:
        call["num_frames"] = max(1, round(wishes["seconds"] * fps))
    for name in ("fps", "frame_rate"):
        if wishes.get("fps") and name in takes.takes and name not in call:
            call[name] = int(fps) if name == "fps" else fps
    return fps
