"""What a model that answers in words is told to do with what it is shown: one text a task, and what a step adds to it.

`gemini_ocr` and `gemini_describe` are one model with two tasks. The task stands in the catalogue, as a default of the
key, or in the step (`analysis_type`); what is said about it is here, is sent, is counted in the quote, and is part of
the version, so that other words are another request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.access import Offer
from rushes.providers.spelled import Put
from rushes.providers.telling import Telling, tells

TASK, INSTRUCTION = "task", "instruction"
"""Parameters: the name of a task, and a text that takes the place of its words. Endpoints that know them take them."""

_FILM = (
    "You write prompts for models that make short films. Turn the idea, and the picture where there is one, into one "
    "prompt: subject, action, setting, camera, light, mood, in at most 120 words. Keep what the picture shows. "
)
_ONLY = " Answer with the prompt alone, without a title, quotation marks or remarks."

TASKS: Mapping[str, str] = {
    "describe": "Describe what is to be seen: subject, setting, light, colours and mood, in two or three sentences.",
    "detailed": "Describe in detail what is to be seen: each subject and its position, clothing and expression, the "
    "setting, the light and where it comes from, the colours, the style, the camera's distance and angle.",
    "classify": "Say to which category this belongs, and name up to five tags, the most certain first.",
    "objects": "List every object that is to be seen, one a line: its name, how many there are, and where it is.",
    "ocr": "Write down every text that is to be seen, word for word, in its order of reading, one line a line. "
    "Answer with the text alone; where there is none, answer: no text.",
    "composition": "Analyse the composition: framing, balance, lines, depth, light, palette and focus, and what it "
    "leads the eye to.",
    "qa": "Answer the question about what is to be seen, briefly, and only by what is to be seen.",
    "video_prompt": _FILM + "The style is clear and neutral." + _ONLY,
    "video_cinematic": _FILM + "The style is cinematic: lens, camera move, depth of field, graded light." + _ONLY,
    "video_realistic": _FILM + "The style is realistic, as a documentary: natural light and plausible motion." + _ONLY,
    "video_artistic": _FILM + "The style is artistic: an expressive medium, palette and rhythm of its own." + _ONLY,
    "video_dramatic": _FILM + "The style is dramatic: tension, contrast, a turn of the action at its end." + _ONLY,
}
"""What is said of each task. The names are those of the keys of the YAML dialect (`gemini_ocr`, `video_cinematic`)."""

_USUAL = {Operation.PROMPT_GENERATION: "video_prompt"}
"""The task of work for which nobody names one; of the rest it is `describe`."""

_ASKED = "Where there is a question or a wish beside it, answer that instead."

_ADDED: Mapping[str, str] = {
    "detailed": "Go into detail.",
    "categories": "Choose among these categories: {}.",
    "objects": "Look for these: {}.",
    "language": "Answer in this language: {}.",
    "background_context": "What is known beside: {}.",
    "video_style": "The style of the film: {}.",
    "duration_preference": "The film is to last about {}.",
}
"""What a step may add, by its parameter."""


class Instructed(Telling):
    """The base of an adapter whose text models are told what to do; their endpoints take `task` and `instruction`."""

    def version(self, model: str) -> str:
        """The endpoint and, where the key of the catalogue means a task, its name and a digest of its words."""
        plain, offer = super().version(model), self._text_offer(model)
        task = _task_of(offer)
        return plain if task is None else f"{plain}:{task}-{_digest(TASKS[task])}"

    def _text_offer(self, model: str) -> Offer | None:
        work = (Operation.ANALYZE_IMAGE, Operation.ANALYZE_VIDEO, Operation.PROMPT_GENERATION)
        return next((one for op in work if (one := self.access.offer(model, op)) is not None), None)

    def put(self, recipe: Recipe) -> Put:
        """The parameters to send; the task and all that a step adds to it as one `instruction`."""
        ready = super().put(recipe)
        takes = self.takes(self.endpoint(recipe))
        if tells(recipe) and takes is not None and INSTRUCTION in takes.properties:
            task = ready.body.pop(TASK, None) or _task_of(self.offer(recipe)) or _USUAL.get(recipe.op, "describe")
            words = [ready.body.pop(INSTRUCTION, None) or TASKS[task], *_added(ready.body)]
            if recipe.prompt and task not in ("qa", *_OWN_WISH):
                words.append(_ASKED)
            ready.body[INSTRUCTION] = " ".join(words)
        return ready


_OWN_WISH = tuple(name for name in TASKS if name.startswith("video_"))
"""Tasks whose words beside the picture are what they work on, and no question."""


def _task_of(offer: Offer | None) -> str | None:
    task = offer.defaults.get(TASK) if offer is not None else None
    return task if isinstance(task, str) and task in TASKS else None


def _added(body: dict[str, Any]) -> list[str]:
    """What a step adds, in words; taken out of the body, for services do not know it."""
    found = [(text, body.pop(name)) for name, text in _ADDED.items() if name in body]
    return [text.format(_listed(value)) for text, value in found if value]


def _listed(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
