"""The protocols that the simulator speaks. A new one is a file of its own and a line here."""

from __future__ import annotations

from rushes.sim.anthropic import Anthropic
from rushes.sim.comfyui import Comfyui
from rushes.sim.elevenlabs import ElevenLabs
from rushes.sim.fal import Fal
from rushes.sim.gemini import Gemini
from rushes.sim.glabs import GLabs
from rushes.sim.huggingface import HuggingFace
from rushes.sim.luma import Luma
from rushes.sim.openai import OpenAI
from rushes.sim.openrouter import OpenRouter
from rushes.sim.protocol import Spoken
from rushes.sim.replicate import Replicate
from rushes.sim.runway import Runway


def protocols() -> tuple[Spoken, ...]:
    """A speaker of each."""
    return (
        Fal(),
        Gemini(),
        ElevenLabs(),
        Luma(),
        HuggingFace(),
        Replicate(),
        Runway(),
        OpenAI(),
        OpenRouter(),
        Anthropic(),
        Comfyui(),
        GLabs(),
    )
