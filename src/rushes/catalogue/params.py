"""The parameters that models of each kind of work are known to take, in all the spellings that providers use.

No provider publishes all its models' parameters, so a name that is not here may still be right; one that is nearly a
name from here is not. Sources: the parameter tables of the YAML suite, the `.nbflow` node properties, and the public
model pages of the providers in `data/`.
"""

from __future__ import annotations

from rushes.model.operation import Operation
from rushes.model.spelling import ASPECT_RATIO, AUDIO, DURATION, FPS, SIZE


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SIZE = frozenset({*ASPECT_RATIO, *SIZE, "resolution", "width", "height"})
_ANY = _names(
    "seed negative_prompt negativePrompt guidance_scale cfg_scale num_inference_steps steps output_format style "
    "enable_safety_checker safety_tolerance safety_filter_level person_generation personGeneration sync_mode "
    "acceleration enable_prompt_expansion enhance_prompt prompt_enhancement magic_prompt loras scheduler sampler"
)
_PICTURE = (
    _SIZE
    | _ANY
    | _names(
        "n num_images quality background strength image_strength prompt_strength scale rendering_speed raw "
        "input_fidelity output_quality output_compression moderation image_prompt_strength thinking thinking_level "
        "enable_web_search limit_generations google_search sequential_image_generation max_images "
        "megapixels go_fast disable_safety_checker reference_tags contentModeration "
        "fidelity creativity preserve_identity model_type resemblance upscale_factor"
    )
)
_CLIP = (
    _SIZE
    | _ANY
    | {*DURATION, *FPS, *AUDIO}
    | _names(
        "num_frames frames camera camera_motion camera_fixed "
        "camera_control motion motion_strength motion_bucket_id movement_amplitude multi_prompt multi_shots shot_type "
        "character_ids detect_and_block_ip "
        "voice_ids voice_control elements delete_video loop prompt_optimizer turbo sampling_steps static_mask_url "
        "mode contentModeration "
        "dynamic_masks auto_fix quality start_frame_strength keep_original_sound character_orientation video_quality"
    )
)
_TEXT = _names(
    "temperature top_p top_k max_tokens max_output_tokens language detail detailed system_prompt style tone seed "
    "thinking_level json output_format analysis_type categories objects schema task instruction "
    "json_schema system instructions effort reasoning_effort max_completion_tokens"
)
_UPSCALE = _names(
    "factor upscale_factor scale scale_factor target target_resolution resolution output_format seed creativity "
    "resemblance face_enhance noise denoise sharpen compression grain model enhancement_model noise_scale upscale_mode "
    "guidance_scale negative_prompt num_inference_steps enable_safety_checker"
)

PARAMS: dict[Operation, frozenset[str]] = {
    Operation.TEXT_TO_IMAGE: _PICTURE,
    Operation.IMAGE_TO_IMAGE: _PICTURE,
    Operation.TEXT_TO_VIDEO: _CLIP,
    Operation.IMAGE_TO_VIDEO: _CLIP,
    Operation.VIDEO_TO_VIDEO: _CLIP | _names("keep_audio strength"),
    Operation.AVATAR: _CLIP | _names("turbo_mode voice voice_description use_only_first_audio"),
    Operation.TEXT_TO_SPEECH: _names(
        "voice voice_id voice_name speed stability similarity_boost style use_speaker_boost language language_code "
        "pitch volume emotion output_format format sample_rate bitrate seed temperature timestamps pace "
        "apply_text_normalization previous_text next_text"
    ),
    Operation.SPEECH_TO_TEXT: _names(
        "language language_code diarize num_speakers tag_audio_events keyterms timestamps timestamps_granularity "
        "task chunk_level temperature seed"
    ),
    Operation.ADD_AUDIO: _ANY | _names("duration volume loop fade mix offset original_volume keep_original"),
    Operation.UPSCALE_IMAGE: _UPSCALE,
    Operation.UPSCALE_VIDEO: _UPSCALE
    | _names("target_fps fps h264 H264_output codec frame_interpolation slowdown halo recover_detail"),
    Operation.ANALYZE_IMAGE: _TEXT,
    Operation.ANALYZE_VIDEO: _TEXT | _names("fps start_time end_time timeline timestamps transcribe"),
    Operation.PROMPT_GENERATION: _TEXT | _names("background_context video_style duration_preference length"),
}
"""Parameter names by operation; work that is done here has its own, checked by the reader."""
