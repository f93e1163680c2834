"""The operations a node can be, and the signature of each: inputs by role, output, how rows pass.

A *role* is the name under which an input enters a request. Roles never commute: a start frame
and an end frame are different roles, and the images of one role keep their order.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rushes.model.media import Kind


class Operation(StrEnum):
    """What a node does."""

    PROMPT = "prompt"
    MEDIA = "media"
    APPROVE = "approve"
    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"
    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    VIDEO_TO_VIDEO = "video_to_video"
    AVATAR = "avatar"
    TEXT_TO_SPEECH = "text_to_speech"
    SPEECH_TO_TEXT = "speech_to_text"
    ADD_AUDIO = "add_audio"
    UPSCALE_IMAGE = "upscale_image"
    UPSCALE_VIDEO = "upscale_video"
    SPLIT_IMAGE = "split_image"
    CONCAT_VIDEOS = "concat_videos"
    GENERATE_SUBTITLES = "generate_subtitles"
    ANALYZE_IMAGE = "analyze_image"
    ANALYZE_VIDEO = "analyze_video"
    PROMPT_GENERATION = "prompt_generation"


class Fan(StrEnum):
    """How rows pass through an operation."""

    EACH = "each"  # one result per row
    SPLIT = "split"  # one row becomes several
    GATHER = "gather"  # all rows become one


class Where(StrEnum):
    """Who does the work."""

    INLINE = "inline"  # a pure function of its inputs; no attempt, no money
    LOCAL = "local"  # on this machine, real work, no money
    REMOTE = "remote"  # a provider; may cost money


class Slot(NamedTuple):
    """One input role: what kinds it takes and how many artifacts per row (`most=None`: no limit)."""

    kinds: tuple[Kind, ...]
    least: int = 0
    most: int | None = 1


class Signature(NamedTuple):
    """The contract of an operation. `main` is the role that a bare reference fills."""

    output: Kind | None  # None: the same kind as its main input
    slots: dict[str, Slot]
    main: str | None
    where: Where
    prompt: bool | None = None  # True: required, None: optional, False: has none
    fan: Fan = Fan.EACH


_IMAGE = (Kind.IMAGE,)
_VIDEO = (Kind.VIDEO,)
_AUDIO = (Kind.AUDIO,)
_ANY = (Kind.TEXT, Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.SUBTITLES)
_R, _L, _I = Where.REMOTE, Where.LOCAL, Where.INLINE

SIGNATURES: dict[Operation, Signature] = {
    Operation.PROMPT: Signature(output=Kind.TEXT, slots={}, main=None, where=_I, prompt=True),
    Operation.MEDIA: Signature(output=None, slots={"input": Slot(_ANY)}, main="input", where=_I, prompt=False),
    Operation.APPROVE: Signature(output=None, slots={"input": Slot(_ANY, 1)}, main="input", where=_I, prompt=False),
    Operation.TEXT_TO_IMAGE: Signature(
        output=Kind.IMAGE, slots={"reference": Slot(_IMAGE, 0, None)}, main=None, where=_R, prompt=True
    ),
    Operation.IMAGE_TO_IMAGE: Signature(
        output=Kind.IMAGE,
        slots={"image": Slot(_IMAGE, 1, None), "reference": Slot(_IMAGE, 0, None), "mask": Slot(_IMAGE)},
        main="image",
        where=_R,
    ),
    Operation.TEXT_TO_VIDEO: Signature(
        output=Kind.VIDEO, slots={"reference": Slot(_IMAGE, 0, None)}, main=None, where=_R, prompt=True
    ),
    Operation.IMAGE_TO_VIDEO: Signature(
        output=Kind.VIDEO,
        slots={
            "start_frame": Slot(_IMAGE, 1),
            "end_frame": Slot(_IMAGE),
            "reference": Slot(_IMAGE, 0, None),
            "audio": Slot(_AUDIO),
        },
        main="start_frame",
        where=_R,
    ),
    Operation.VIDEO_TO_VIDEO: Signature(
        output=Kind.VIDEO,
        slots={"video": Slot(_VIDEO, 1), "reference": Slot(_IMAGE, 0, None)},
        main="video",
        where=_R,
        prompt=True,
    ),
    # a portrait that speaks or moves. Which of the others a model needs is the catalogue's business: some take a voice,
    # some the words, some a clip whose motion it follows; the mask is white where the person is who speaks
    Operation.AVATAR: Signature(
        output=Kind.VIDEO,
        slots={
            "image": Slot(_IMAGE, 1),
            "audio": Slot(_AUDIO),
            "second_audio": Slot(_AUDIO),
            "video": Slot(_VIDEO),
            "mask": Slot(_IMAGE),
        },
        main="image",
        where=_R,
    ),
    Operation.TEXT_TO_SPEECH: Signature(output=Kind.AUDIO, slots={}, main=None, where=_R, prompt=True),
    Operation.SPEECH_TO_TEXT: Signature(
        output=Kind.TEXT, slots={"audio": Slot((Kind.AUDIO, Kind.VIDEO), 1)}, main="audio", where=_R, prompt=False
    ),
    Operation.ADD_AUDIO: Signature(
        output=Kind.VIDEO, slots={"video": Slot(_VIDEO, 1), "audio": Slot(_AUDIO)}, main="video", where=_R
    ),
    Operation.UPSCALE_IMAGE: Signature(output=Kind.IMAGE, slots={"image": Slot(_IMAGE, 1)}, main="image", where=_R),
    Operation.UPSCALE_VIDEO: Signature(output=Kind.VIDEO, slots={"video": Slot(_VIDEO, 1)}, main="video", where=_R),
    Operation.SPLIT_IMAGE: Signature(
        output=Kind.IMAGE,
        slots={"image": Slot(_IMAGE, 1)},
        main="image",
        where=_L,
        prompt=False,
        fan=Fan.SPLIT,
    ),
    Operation.CONCAT_VIDEOS: Signature(
        output=Kind.VIDEO,
        slots={"video": Slot(_VIDEO, 1, None)},
        main="video",
        where=_L,
        prompt=False,
        fan=Fan.GATHER,
    ),
    Operation.GENERATE_SUBTITLES: Signature(
        output=Kind.VIDEO, slots={"video": Slot(_VIDEO, 1)}, main="video", where=_L
    ),
    Operation.ANALYZE_IMAGE: Signature(
        output=Kind.TEXT, slots={"image": Slot(_IMAGE, 1, None)}, main="image", where=_R
    ),
    Operation.ANALYZE_VIDEO: Signature(output=Kind.TEXT, slots={"video": Slot(_VIDEO, 1)}, main="video", where=_R),
    Operation.PROMPT_GENERATION: Signature(output=Kind.TEXT, slots={"image": Slot(_IMAGE)}, main="image", where=_R),
}
"""Sources: the step types of the YAML suite's documents and the node types of the `.nbflow` files."""

TIMES = "times"
"""The role in which the times of a transcript's words come along with its text, to be subtitles. No file fills it."""

INLINE = frozenset(op for op, signature in SIGNATURES.items() if signature.where is Where.INLINE)
"""Operations that ask nobody: texts, references and gates."""

REMOTE = frozenset(op for op, signature in SIGNATURES.items() if signature.where is Where.REMOTE)
"""Operations that a model is asked for."""


def panels_of(grid: object) -> tuple[int, int]:
    """Columns and rows of a `split_image` grid such as `"2x2"` or `"3x3"`; ValueError if it is neither."""
    columns, cross, rows = str(grid).lower().partition("x")
    if cross and columns.isdecimal() and rows.isdecimal() and 1 <= int(columns) <= 16 and 1 <= int(rows) <= 16:
        return int(columns), int(rows)
    raise ValueError(f"{grid!r} is not a grid such as 2x2")
