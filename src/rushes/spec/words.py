"""The vocabulary of the YAML dialect: step types, keys, and what the names of parameters mean."""

from __future__ import annotations

from enum import StrEnum

from rushes.model.media import Kind
from rushes.model.operation import REMOTE, SIGNATURES, Operation

INPUT_TYPES = ("auto", "text", "image", "video")
GROUP, BATCH = "parallel_group", "batch"

TYPES: dict[str, Operation] = {
    **{str(op): op for op in Operation},
    "image_understanding": Operation.ANALYZE_IMAGE,
    "image_analysis": Operation.ANALYZE_IMAGE,
    "video_analysis": Operation.ANALYZE_VIDEO,
    "video_understanding": Operation.ANALYZE_VIDEO,
    "generate_avatar": Operation.AVATAR,
    "avatar_generation": Operation.AVATAR,
    "replicate_multitalk": Operation.AVATAR,
    "multitalk": Operation.AVATAR,
    "transfer_motion": Operation.AVATAR,
    "motion_transfer": Operation.AVATAR,
    "transcribe": Operation.SPEECH_TO_TEXT,
    "approval": Operation.APPROVE,
    "reference": Operation.MEDIA,
    "template": Operation.PROMPT,
    "dynamic": Operation.PROMPT,
}
"""Every step type that is done here."""

UNSUPPORTED = {
    "text_to_avatar": "avatars without a portrait",
    "lip_sync": "new lips for a clip that is there already",
}
"""Step types that other tools know and this one does not do, in words."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOP_KEYS = _words(
    "name description version settings variables steps tabs output output_dir input_image input_video prompt "
    "save_intermediates temp_dir cleanup_temp input_type"
)
TAB_KEYS = frozenset({"name", "description", "steps"})
STEP_KEYS = _words(
    "name description type model params prompt input_from on_error condition enabled retry_count attempts timeout "
    "candidates approve limit budget provider rows"
)
MEDIA_KEYS = STEP_KEYS | {"source"}
GROUP_KEYS = _words(
    "name description type model params steps max_workers fail_fast timeout merge_strategy enabled on_error "
    "condition input_from"
)
GROUP_PARAMS = frozenset({"parallel_steps", "max_workers", "fail_fast", "timeout", "merge_strategy"})
BATCH_KEYS = _words("name description type for_each step enabled max_workers")
ANY_STEP_KEYS = MEDIA_KEYS | GROUP_KEYS | BATCH_KEYS


class Means(StrEnum):
    """What a parameter is, where it is more than a parameter."""

    PROMPT = "prompt"
    CANDIDATES = "candidates"
    PROMPTS = "prompts"
    PARALLEL = "parallel"
    WORKERS = "workers"
    GRID = "grid"
    SOURCE = "source"
    FILE_NAME = "file_name"
    NO_ROLE = "no_role"


ROLE_NAMES: dict[str, tuple[str, ...]] = {
    "image": ("image", "start_frame", "reference"),
    "image_url": ("image", "start_frame", "reference"),
    "image_path": ("image", "start_frame", "reference"),
    "input_image": ("image", "start_frame"),
    "start_frame": ("start_frame",),
    "start_image": ("start_frame",),
    "start_image_url": ("start_frame",),
    "first_frame": ("start_frame",),
    "end_frame": ("end_frame",),
    "end_image": ("end_frame",),
    "end_image_url": ("end_frame",),
    "last_frame": ("end_frame",),
    "tail_image_url": ("end_frame",),
    "video": ("video",),
    "video_url": ("video",),
    "video_path": ("video",),
    "input_video": ("video",),
    "audio": ("audio",),
    "audio_url": ("audio",),
    "first_audio": ("audio",),
    "first_audio_url": ("audio",),
    "second_audio": ("second_audio",),
    "second_audio_url": ("second_audio",),
    "mask": ("mask",),
    "mask_url": ("mask",),
    "mask_image": ("mask",),
    "images": ("image", "reference"),
    "image_urls": ("image", "reference"),
    "videos": ("video",),
    "ref_images": ("reference", "image"),
    "reference": ("reference", "image"),
    "references": ("reference", "image"),
    "reference_image": ("reference", "image"),
    "reference_images": ("reference", "image"),
    "reference_image_urls": ("reference", "image"),
}
"""Parameters that are inputs, and the roles they fill, the first that the step has."""

_PROMPT_NAMES: dict[Operation, tuple[str, ...]] = {
    Operation.AVATAR: ("text",),
    Operation.TEXT_TO_SPEECH: ("text", "text_override"),
    Operation.ANALYZE_IMAGE: ("question", "analysis_prompt"),
    Operation.ANALYZE_VIDEO: ("question", "analysis_prompt"),
    Operation.GENERATE_SUBTITLES: ("subtitle_text", "text"),
    Operation.PROMPT: ("text", "template"),
}

_OTHER_MEANINGS: dict[Operation, dict[str, Means | str]] = {
    Operation.SPEECH_TO_TEXT: dict.fromkeys(("video", "video_url", "video_path", "input_video"), "audio"),
    Operation.TEXT_TO_IMAGE: {"num_images": Means.CANDIDATES},
    Operation.IMAGE_TO_IMAGE: {"num_images": Means.CANDIDATES},
    Operation.IMAGE_TO_VIDEO: {
        "prompts": Means.PROMPTS,
        "parallel": Means.PARALLEL,
        "max_workers": Means.WORKERS,
    },
    Operation.SPLIT_IMAGE: {
        "grid": Means.GRID,
        "grid_type": Means.GRID,
        "naming": Means.FILE_NAME,
        "output_prefix": Means.FILE_NAME,
    },
    Operation.CONCAT_VIDEOS: {"output_filename": Means.FILE_NAME},
    Operation.GENERATE_SUBTITLES: {"output_dir": Means.FILE_NAME},
    Operation.TEXT_TO_SPEECH: {"output_file": Means.FILE_NAME},
    Operation.MEDIA: dict.fromkeys(("source", "path", "url", "file"), Means.SOURCE),
}

LOCAL_PARAMS: dict[Operation, frozenset[str]] = {
    Operation.PROMPT: frozenset(),
    Operation.MEDIA: frozenset(),
    Operation.APPROVE: frozenset(),
    Operation.SPLIT_IMAGE: frozenset({"output_format", "quality"}),
    Operation.CONCAT_VIDEOS: frozenset(),
    Operation.GENERATE_SUBTITLES: frozenset({"format", "words_per_second"}),
}
"""The plain parameters of work done here; those of remote models are the catalogue's business."""


def _meanings(op: Operation) -> dict[str, Means | str]:
    signature = SIGNATURES[op]
    found: dict[str, Means | str] = {}
    for name, roles in ROLE_NAMES.items():
        role = next((role for role in roles if role in signature.slots), None)
        found[name] = Means.NO_ROLE if role is None else role
    found["prompt"] = Means.PROMPT
    found.update(dict.fromkeys(_PROMPT_NAMES.get(op, ()), Means.PROMPT))
    found.update(_OTHER_MEANINGS.get(op, {}))
    return found


MEANINGS: dict[Operation, dict[str, Means | str]] = {op: _meanings(op) for op in Operation}
"""For each operation: parameter name to what it means; a plain string is the role that it fills."""


def _roles(op: Operation, kind: Kind | None) -> tuple[str, ...]:
    signature = SIGNATURES[op]
    named = [role for role in signature.slots if role != "mask"]  # what is only named never covers a part of a picture
    fitting = [role for role in named if kind is None or kind in signature.slots[role].kinds]
    first = [role for role in (signature.main, "reference") if role in fitting]
    return tuple(dict.fromkeys([*first, *fitting]))


ROLES: dict[tuple[Operation, Kind | None], tuple[str, ...]] = {
    (op, kind): _roles(op, kind) for op in Operation for kind in (None, *Kind)
}
"""The roles that a bare reference to something of a kind may fill, the best first (None: kind not known)."""

LOCAL = frozenset(Operation) - REMOTE
"""Operations that no model is asked for."""
