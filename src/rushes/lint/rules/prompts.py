"""How prompts for these models are written; advice, from the guides of teams that use node graphs daily."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from rushes.lint.example import Put
from rushes.lint.rule import GRAPHS, Rule, Subject
from rushes.lint.spoken import Spoken
from rushes.model.problem import Problem, Severity
from rushes.spec.nbflow_kinds import PLACEHOLDER, NodeKind

_FRAMING = re.compile(
    r"\b(shot|close ?up|closeup|view|angle|portrait|frame|framing|macro|overhead|over the shoulder|selfie|panorama"
    r"|full body|half body|point of view|pov|flat lay|top down)\b"
)
_IDENTITY = re.compile(
    r"\b(\d+ years? old|(?:young|old|elderly|teenage|middle aged) (?:man|woman|girl|boy|lady|guy|person)"
    r"|blonde?|brunette|redhead(?:ed)?|bald|bearded|freckled|hair|face|complexion|skin tone|facial"
    r"|asian|african|caucasian|hispanic|latin[ao]|european)\b"
)
_NEGATION = re.compile(r"\b(no|without|not|never|avoid|don't|doesn't|nobody|nothing)\b")
_HYPHEN = re.compile(r"\w+[-\u2010\u2011]\w+")
_MOTION = re.compile(
    r"\b(sweep|lean|nod|turn|walk|run|swing|circle|orbit|pan|tilt|rise|climb|drop|fall|lift|open|close|push|pull|move|jump"
    r"|raise|reach|step|spin|rotate|throw|catch|pour|wave|leap|fly|flies|land|lower|glide|track|follow|zoom|dolly|arc|roll"
    r"|drive|dance|sit|stand|pick|place|put|hand|hold|point|look)(?:s|es|ed|ing|ning|ping)?\b"
)
_WEAK = re.compile(r"\b(slight(?:ly)?|subtl[ey]|subtly|micro|brief(?:ly)?|slow(?:ly)?)\b")
_DEGREES = re.compile(r"\b(\d{1,3})\s*(?:degrees?\b|°)")
_APPEARS = re.compile(r"\b(appears?|disappears?|vanish(?:es)?|materiali[sz]es?|morphs?|transforms? into)\b")
_SPEECH = re.compile(r"[\"“]([^\"“”]{3,2000})[\"”]")
_HEAD = 60  # characters in which the framing has to be said


class PromptRule(Rule):
    """A rule about the words of prompts."""

    severity = Severity.ADVICE
    formats = GRAPHS

    def said(self, one: Spoken, says: str) -> Problem:
        """A problem at the text that a person wrote."""
        return self.problem(says, one.path, tab=one.tab, node=str(one.node))


class WordRule(PromptRule):
    """A rule that a pattern finds."""

    pattern: ClassVar[re.Pattern[str]]
    says: ClassVar[str]
    video: ClassVar[bool]

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every prompt in which the pattern is found."""
        for one in seen.video_prompts if self.video else seen.image_prompts:
            found = self.pattern.search(one.text.lower())
            if found is not None and self.applies(one):
                yield self.said(one, self.says.format(found[0][:40]))

    def applies(self, one: Spoken) -> bool:
        """Whether the rule is meant for this prompt."""
        return True


class Framing(PromptRule):
    """An image prompt begins with its framing."""

    code = "image-framing"
    what = "An image prompt does not begin with a framing: wide shot, close up, low angle, over the shoulder."
    why = "without one the model chooses, and the scenes of a film do not cut together"
    try_ = "begin with the framing"
    bad = (Put("A", "Prompt: rows", "properties.dynamicRows.0", "Mia opens the door of the shop."),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every image prompt without a framing in its first words."""
        for one in seen.image_prompts:
            if one.text.strip() and _FRAMING.search(one.text[:_HEAD].lower().replace("-", " ")) is None:
                yield self.said(one, f"the prompt begins with {one.text[:40]!r}, which says no framing")


class Identity(WordRule):
    """The reference says who it is."""

    code = "image-identity"
    what = "An image prompt with references describes age, gender, hair, face or origin."
    why = "the words pull the face away from the reference"
    try_ = "leave looks to the reference; say what happens"
    says = "the prompt says {0!r} beside a reference that shows who it is"
    pattern = _IDENTITY
    video = False
    bad = (Put("A", "Prompt: rows", "properties.dynamicRows.0", "Wide shot. A young woman with brown hair."),)

    def applies(self, one: Spoken) -> bool:
        """Only with a reference."""
        return bool(one.generator.inputs)


class Hyphen(WordRule):
    """No hyphens."""

    code = "image-hyphen"
    what = "An image prompt contains a hyphenated word."
    why = "the models of this chain read hyphenated words badly and paint them now and then"
    try_ = "write two words"
    says = "the prompt contains {0!r}"
    pattern = _HYPHEN
    video = False
    bad = (Put("A", "Prompt: rows", "properties.dynamicRows.0", "Close-up. Mia lifts the lid."),)


class Negation(WordRule):
    """Only what is in the picture is said."""

    code = "image-negation"
    what = "An image prompt says what is not there."
    why = "naming a thing invites it into the picture"
    try_ = "say only what is inside the frame"
    says = "the prompt negates with {0!r}"
    pattern = _NEGATION
    video = False
    bad = (Put("A", "Prompt: rows", "properties.dynamicRows.0", "Wide shot. The shop without people."),)


class MinimalTemplate(PromptRule):
    """Templates add little."""

    code = "template-minimal"
    what = "A template adds more than twelve words to its placeholders."
    why = "boilerplate that is the same for every scene weakens the references"
    try_ = "keep the placeholder alone, or nearly so"
    bad = (
        Put(
            "A",
            "Prompt: template",
            "properties.text",
            "Wide shot. {scene} Shot on film with soft light and a shallow depth of field in muted autumn colours.",
        ),
    )

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every template with more words."""
        for node in seen.graph.nodes():
            if node.kind is NodeKind.PROMPT and node.props.get("templateMode") is True and node.enabled:
                count = len(PLACEHOLDER.sub(" ", node.text).split())
                if count > 12:
                    says = f"{node.label} adds {count} words to its placeholders"
                    yield self.problem(says, (*node.path, "properties", "text"), tab=node.tab, node=str(node.id))


class Motion(PromptRule):
    """A clip moves."""

    code = "video-motion"
    what = "A video prompt names no movement that can be seen: a sweep, a lean, a nod, a turn."
    why = "a clip of a still that breathes costs as much as one that tells something"
    try_ = "say what the subject or the camera does, with a clear change of 15 to 30 degrees"
    bad = (Put("A", "Prompt: move", "properties.text", "A calm and beautiful morning."),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every video prompt without a verb of motion."""
        for one in seen.video_prompts:
            if one.text.strip() and _MOTION.search(one.text.lower()) is None:
                yield self.said(one, f"the prompt {one.text[:40]!r} names no movement")


class Qualifier(WordRule):
    """Motion is not made small."""

    code = "video-qualifier"
    what = "A video prompt contains slight, subtle, micro, brief or slow."
    why = "such words make the movement vanish, unless they qualify a large one"
    try_ = "leave the word out, or make the movement large"
    says = "the prompt contains {0!r}"
    pattern = _WEAK
    video = True
    bad = (Put("A", "Prompt: move", "properties.text", "The camera moves slightly left."),)


class SmallTurn(PromptRule):
    """Turns can be seen."""

    code = "video-degrees"
    what = "A video prompt asks for a turn or tilt of less than ten degrees."
    why = "it cannot be told from none"
    try_ = "ask for 15 to 30 degrees"
    bad = (Put("A", "Prompt: move", "properties.text", "The camera turns 5 degrees left."),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every number of degrees under ten."""
        for one in seen.video_prompts:
            small = [found for found in _DEGREES.findall(one.text) if int(found) < 10]
            if small:
                yield self.said(one, f"the prompt asks for {small[0]} degrees")


class Appears(WordRule):
    """Things do not come out of nothing."""

    code = "video-appears"
    what = "A video prompt makes something appear, vanish or change into something else."
    why = "a model that starts from a picture melts it instead"
    try_ = "make a new start image with the thing in it; an end frame shows the completed action"
    says = "the prompt contains {0!r}"
    pattern = _APPEARS
    video = True
    bad = (Put("A", "Prompt: move", "properties.text", "Mia turns and a box appears in her hands."),)


class Dialogue(PromptRule):
    """Speech fits the clip."""

    code = "video-words"
    what = "The speech in a video prompt has more words than the clip has time for: 28 in 8 seconds."
    why = "the voice hurries or is cut off; 20 to 24 words in 8 seconds are comfortable"
    try_ = "split the line over two clips"
    bad = (Put("A", "Prompt: move", "properties.text", 'Mia leans in and says: "' + "one more word " * 10 + '"'),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every prompt with too many words in quotation marks."""
        for one in seen.video_prompts:
            count = sum(len(part.split()) for part in _SPEECH.findall(one.text))
            seconds = one.generator.params.get("duration")
            most = int(seen.settings.words_per_second * (seconds if isinstance(seconds, int) else 8))
            if count > most:
                yield self.said(one, f"the speech has {count} words; {most} fit into {seconds or 8} seconds")


PROMPTS: tuple[Rule, ...] = (
    Framing(),
    Identity(),
    Hyphen(),
    Negation(),
    MinimalTemplate(),
    Motion(),
    Qualifier(),
    SmallTurn(),
    Appears(),
    Dialogue(),
)
