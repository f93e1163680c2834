"""A spoken voice through eSpeak NG, where the `speech` extra put its library; it runs in this process, under a lock.

The library keeps the phase of its oscillators from one text to the next, and offers no way to reset it: the same text
would sound a little different each time. It is therefore loaded anew for every text and unloaded after it, which
costs a few milliseconds; and its dice, which it casts after the clock, are given a fixed seed. Then the same text is
the same bytes.
"""

from __future__ import annotations

import _ctypes
import ctypes
import threading
from typing import Any

import numpy as np

from rushes.providers.media.sound import RATE, Samples

try:
    import espeakng_loader
except ImportError:  # the extra is optional: without it the sketch hums
    espeakng_loader = None

_RETRIEVAL, _CHARS_UTF8, _NO_EXIT = 1, 1, 0x8000
_RATE_PARAM, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_WORDS_A_MINUTE = 165
_LIMIT = 20_000  # characters; an hour of speech is nobody's scene
_lock = threading.Lock()
_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

_VARIANTS = ("en-us", "en-us+f2", "en-gb", "en-us+m3", "en-gb+f3", "en-us+f4", "en-gb+m7")
_WOMEN = {
    "rachel",
    "bella",
    "elli",
    "domi",
    "sarah",
    "laura",
    "alice",
    "charlotte",
    "jessica",
    "lily",
    "nova",
    "shimmer",
}
_WOMEN |= {"female", "woman", "aria", "emma", "kore", "zephyr", "leda"}
_MEN = {"adam", "antoni", "arnold", "josh", "sam", "brian", "callum", "daniel", "george", "onyx", "echo", "male", "man"}


def speak(text: str, voice: str, speed: float) -> Samples | None:
    """The text as speech, mono at `RATE`; None where no voice is installed."""
    if espeakng_loader is None:
        return None
    with _lock:
        try:
            library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError:
            return None
        try:
            data = espeakng_loader.get_data_path().encode()
            if library.espeak_Initialize(_RETRIEVAL, 0, data, _NO_EXIT) != RATE:
                return None
            library.espeak_ng_SetRandSeed(ctypes.c_long(1))
            spoken = _synthesised(library, text[:_LIMIT], voice, speed)
            library.espeak_Terminate()
            return spoken
        finally:
            _unload(library._handle)


def _unload(handle: int) -> None:
    close = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary  # type: ignore[attr-defined]
    close(handle)


def variant_of(voice: str) -> str:
    """The eSpeak voice for a provider's voice name: women and men are told apart, the rest is spread by name."""
    name = voice.lower()
    if name in _WOMEN:
        return "en-us+f3"
    if name in _MEN:
        return "en-us+m2"
    return _VARIANTS[sum(name.encode()) % len(_VARIANTS)] if name else _VARIANTS[0]


def _synthesised(library: Any, text: str, voice: str, speed: float) -> Samples:
    pieces: list[Samples] = []

    def take(wave: Any, count: int, _events: Any) -> int:
        if wave and count > 0:
            pieces.append(np.ctypeslib.as_array(wave, (count,)).astype(np.float32) / np.float32(32768))
        return 0

    callback = _SynthCallback(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(variant_of(voice).encode())
    for parameter, value in ((_RATE_PARAM, round(_WORDS_A_MINUTE * speed)), (_VOLUME, 90), (_PITCH, 50), (_RANGE, 55)):
        library.espeak_SetParameter(parameter, value, 0)
    raw = text.replace("\0", " ").encode("utf-8", "replace")
    library.espeak_Synth(raw, len(raw) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
