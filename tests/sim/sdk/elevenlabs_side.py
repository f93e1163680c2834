"""elevenlabs, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from elevenlabs import VoiceSettings
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def speak(voice: str, settings: dict[str, Any] | None = None, key: str = "simulated", **asked: Any) -> dict[str, Any]:
    client = ElevenLabs(api_key=key)
    if settings is not None:
        asked["voice_settings"] = VoiceSettings(**settings)
    with client.text_to_speech.with_raw_response.convert(voice, **asked) as answer:
        sound = b"".join(answer.data)
        return {"hex": sound.hex(), "headers": {name.lower(): value for name, value in answer.headers.items()}}


def history() -> list[dict[str, Any]]:
    listed = ElevenLabs(api_key="simulated").history.list().history
    return [{"id": one.history_item_id, "text": one.text, "model": one.model_id} for one in listed]


def audio(item: str) -> str:
    return b"".join(ElevenLabs(api_key="simulated").history.get_audio(item)).hex()


def hear(sound: str, **asked: Any) -> str:
    client = ElevenLabs(api_key="simulated")
    answer: Any = client.speech_to_text.convert(file=("input.wav", bytes.fromhex(sound), "audio/wav"), **asked)
    return str(answer.text)


def timed(sound: str, **asked: Any) -> list[dict[str, Any]]:
    client = ElevenLabs(api_key="simulated")
    answer: Any = client.speech_to_text.convert(file=("input.mp3", bytes.fromhex(sound), "audio/mpeg"), **asked)
    kinds = ("text", "start", "end", "type", "speaker_id", "logprob")
    return [{name: getattr(one, name) for name in kinds} for one in answer.words]


def models() -> list[str]:
    return [one.model_id for one in ElevenLabs(api_key="simulated").models.list()]


def facts(error: Exception) -> dict[str, Any]:
    return {"status": error.status_code, "body": error.body} if isinstance(error, ApiError) else {}


if __name__ == "__main__":
    serve({"speak": speak, "history": history, "audio": audio, "hear": hear, "timed": timed, "models": models}, facts)
