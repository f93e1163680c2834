"""Pictures, films and sounds for simulated models: painted by `sketch`, in a thread, once for each asking."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from rushes.assets.probe import Facts, probe
from rushes.model.canonical import base_key, digest_of
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.model.workflow import Json
from rushes.providers.at_once import BadParam
from rushes.providers.sketch import sizes
from rushes.sim.formats import coded, media_type_of, opened

_PICTURES = frozenset({Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE})
_FILMS = frozenset({Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO, Operation.VIDEO_TO_VIDEO, Operation.AVATAR})
_SHAPING = ("image", "start_frame", "video")
_KEEP = 256 * 1024 * 1024
_SIZE_WORDS = ("image_size", "imageSize", "size", "aspect_ratio", "aspectRatio", "ratio", "resolution")


class Asking(NamedTuple):
    """What is to be made; `inputs` are file contents by role."""

    op: Operation
    model: str
    prompt: str
    params: Mapping[str, Json]
    inputs: Mapping[str, tuple[bytes, ...]]
    seed: int


class Made(NamedTuple):
    """What came out: a file, or the text of a text model, with what lies beside it as `data`."""

    data: bytes
    media_type: str
    width: int = 0
    height: int = 0
    text: str | None = None


class Unpaintable(Exception):
    """Something in the asking cannot be made; `param` names it."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Painter:
    """Paints, and remembers what it painted. `most_side` bounds the longer side in pixels (None: as asked)."""

    def __init__(self, scratch: Path, most_side: int | None = None) -> None:
        self._scratch = scratch
        self._most_side = most_side
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="sim-paint")
        self._kept: OrderedDict[str, Made] = OrderedDict()
        self._size = 0

    async def make(self, asking: Asking) -> Made:
        """The file for an asking; equal askings get equal bytes. Raises Unpaintable."""
        key = _key(asking)
        if (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return known
        made = await asyncio.get_running_loop().run_in_executor(self._threads, self._paint, asking)
        self._keep(key, made)
        return made

    def seconds(self, data: bytes) -> float | None:
        """How long a film or a sound lasts; None for anything else."""
        return self._artifact(data).seconds

    def pixels(self, data: bytes) -> int | None:
        """How many pixels a picture has; None for what is none."""
        found = self._artifact(data)
        return found.width * found.height if found.width and found.height else None

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _keep(self, key: str, made: Made) -> None:
        if key in self._kept:  # two jobs of one asking were painted side by side
            return
        self._kept[key] = made
        self._size += len(made.data)
        while self._size > _KEEP and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1].data)

    def _paint(self, asking: Asking) -> Made:
        from rushes.providers.sketch.make import make  # numpy, Pillow, PyAV: only for a simulator that paints

        inputs = {role: tuple(self._artifact(data) for data in many) for role, many in asking.inputs.items()}
        try:
            width, height, params = self._sized(asking, inputs)
            recipe = Recipe(
                op=asking.op,
                provider="sketch",
                model=asking.model,
                prompt=asking.prompt,
                params=params,
                inputs=inputs,
            )
            request = Request(recipe=recipe, base=base_key(recipe.plain()), candidate=0, salt=0, seed=asking.seed)
            answer = make(request, self._path, self._scratch)
        except BadParam as error:
            raise Unpaintable(error.name, str(error)) from None
        except Exception as error:  # an input that is no picture, film or sound
            raise Unpaintable(next(iter(asking.inputs), "body"), f"cannot be read: {type(error).__name__}") from error
        if answer.text is not None:
            beside = answer.outputs[0].data if answer.outputs else None
            return Made(beside or b"", "text/plain", text=answer.text)
        output = answer.outputs[0]
        made = Made(output.data or b"", output.media_type, width, height)
        wanted = media_type_of(asking.params.get("output_format"))
        if wanted is None or wanted == "image/png" or made.media_type != "image/png":
            return made
        return made._replace(data=coded(opened(made.data), wanted), media_type=wanted)

    def _sized(self, asking: Asking, inputs: Mapping[str, tuple[Artifact, ...]]) -> tuple[int, int, Mapping[str, Json]]:
        if asking.op not in _PICTURES | _FILMS:
            return 0, 0, asking.params
        main = next((inputs[role][0] for role in _SHAPING if inputs.get(role)), None)
        source = (main.width, main.height) if main is not None and main.width and main.height else None
        find = sizes.film_size if asking.op in _FILMS else sizes.picture_size
        width, height = find(asking.params, source)
        if self._most_side is not None and max(width, height) > self._most_side:
            shrink = self._most_side / max(width, height)
            width, height = (max(32, round(side * shrink) // 2 * 2) for side in (width, height))
        plain = {name: value for name, value in asking.params.items() if name not in _SIZE_WORDS}
        return width, height, {**plain, "width": width, "height": height}

    def _artifact(self, data: bytes) -> Artifact:
        digest = Digest(hashlib.sha256(data).hexdigest())
        path = self._path(digest)
        if not path.exists():  # beside, then renamed: another thread may be reading it for another job
            beside = path.with_name(f"{digest}.{threading.get_ident()}")
            beside.write_bytes(data)
            beside.replace(path)
        try:
            facts = probe(path)
        except Exception:  # nothing that can be read: what is wrong with it is said where it is used
            facts = Facts("application/octet-stream")
        return Artifact(
            digest=digest,
            media_type=facts.media_type,
            size=len(data),
            width=facts.width,
            height=facts.height,
            seconds=facts.seconds,
        )

    def _path(self, digest: Digest) -> Path:
        return self._scratch / digest


def _key(asking: Asking) -> str:
    inputs = {role: [hashlib.sha256(one).hexdigest() for one in many] for role, many in asking.inputs.items()}
    return digest_of([asking.op, asking.model, asking.prompt, dict(asking.params), inputs, asking.seed])
