"""How models spell the same thing: parameters under all their names, and sizes that have one.

Source: the parameter lists of the models in the catalogue.
"""

from __future__ import annotations

ASPECT_RATIO = ("aspect_ratio", "aspectRatio", "ratio")
SIZE = ("image_size", "imageSize", "size")
DURATION = ("duration", "durationSeconds", "duration_seconds", "seconds", "video_length", "length")
FPS = ("fps", "frames_per_second", "target_fps")
AUDIO = ("generate_audio", "generateAudio", "audio", "with_audio", "enable_audio", "sound")
MOST_TOKENS = ("max_tokens", "max_output_tokens", "max_completion_tokens")
COUNT = ("num_images", "n", "sampleCount")

NAMED_SIZES = {
    "square": (512, 512),
    "square_hd": (1024, 1024),
    "portrait_4_3": (768, 1024),
    "portrait_3_4": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Width and height in pixels of the names that fal's image models take."""
