"""How the steps of a workflow hang together, in any format."""

from __future__ import annotations

from collections.abc import Iterator

from rushes.graph.topology import build
from rushes.lint.example import Put
from rushes.lint.rule import GRAPHS, Rule, Subject
from rushes.model.operation import Operation, Where
from rushes.model.problem import Problem, Severity
from rushes.model.text import Text
from rushes.model.workflow import Node
from rushes.spec.nbflow_graph import GraphNode
from rushes.spec.nbflow_kinds import NodeKind

_ADVICE = Severity.ADVICE


class Volatile(Rule):
    """A prompt is the same in every run."""

    code = "prompt-volatile"
    severity = Severity.WARNING
    what = "A prompt or parameter contains `{{timestamp}}` or `{{random}}`."
    why = "every run asks a new question, so nothing can be reused and everything is paid for again"
    try_ = "take it out; for another roll of the dice use `rushes rerun --fresh-seed`"
    bad = "steps:\n  - name: fox\n    type: text_to_image\n    prompt: A fox, {{random}}\n"
    good = "steps:\n  - name: fox\n    type: text_to_image\n    prompt: A fox\n"

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every text with such a variable."""
        for node in seen.workflow.nodes():
            for text in (node.prompt, *node.params.values()):
                names = {"timestamp", "random"} & set(text.vars) if isinstance(text, Text) else set()
                if names:
                    yield self.at(node, f"{node.id} contains {{{{{min(names)}}}}}: each run is new")


class GateMissing(Rule):
    """Several candidates go through a gate."""

    code = "gate-missing"
    severity = _ADVICE
    what = "A step with several candidates feeds another paid step without a gate between."
    why = "the first clean candidate goes on, and what is made from it is paid for before anybody has looked"
    try_ = "approve it: `approve: true`, or an approve node between the two"
    bad = (
        "steps:\n  - {name: still, type: text_to_image, prompt: A fox, candidates: 4}\n"
        "  - {name: clip, type: image_to_video, prompt: It runs, input_from: still}\n"
    )
    good = (
        "steps:\n  - {name: still, type: text_to_image, prompt: A fox, candidates: 4, approve: true}\n"
        "  - {name: clip, type: image_to_video, prompt: It runs, input_from: still}\n"
    )

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every such pair, said at the first of the two."""
        for node in seen.workflow.nodes():
            if node.candidates > 1 and node.signature.where is Where.REMOTE:
                paid = [one for one in seen.users.get(node.id, ()) if one.signature.where is Where.REMOTE]
                if paid:
                    says = f"{_name(node)} has {node.candidates} candidates and feeds {_name(paid[0])} without a gate"
                    yield self.at(node, says)


class Unused(Rule):
    """What is prepared is used."""

    code = "node-unused"
    severity = _ADVICE
    what = "A prompt or a reference feeds nothing."
    why = "it was probably meant to feed something, and the result does not depend on it"
    try_ = "connect it, or take it out"
    bad = (
        "steps:\n  - {name: cat, type: reference, source: cat.png}\n"
        "  - {name: still, type: text_to_image, prompt: A fox, input_from: []}\n"
    )
    good = "steps:\n  - {name: still, type: text_to_image, prompt: A fox}\n"

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every prompt and reference without a consumer."""
        if seen.document.format == "nbflow":
            yield from self._graph(seen)
            return
        for node in seen.workflow.nodes():
            idle = node.op in (Operation.PROMPT, Operation.MEDIA) and node.enabled and node.id not in seen.users
            if idle and node.id != seen.workflow.result:
                yield self.at(node, f"{_name(node)} feeds nothing")

    def _graph(self, seen: Subject) -> Iterator[Problem]:
        for node in seen.graph.nodes():
            # a gate at the end of a chain is where a person looks; a preview is there to look at
            idle = node.kind in (NodeKind.PROMPT, NodeKind.REFERENCE) and node.enabled and not node.uses
            if idle and node.id not in seen.users:  # a template may find its prompt by name alone
                yield self.at(node, f"{node.label} feeds nothing")


class DisabledNeeded(Rule):
    """What runs does not need what is switched off."""

    code = "disabled-needed"
    severity = Severity.WARNING
    what = "A step that is switched on needs one that is switched off."
    why = "it is blocked and does not run"
    try_ = "switch both on or both off"
    bad = (
        "steps:\n  - {name: still, type: text_to_image, prompt: A fox, enabled: false}\n"
        "  - {name: clip, type: image_to_video, prompt: It runs, input_from: still}\n"
    )
    good = (
        "steps:\n  - {name: still, type: text_to_image, prompt: A fox}\n"
        "  - {name: clip, type: image_to_video, prompt: It runs, input_from: still}\n"
    )

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every such pair."""
        for node in seen.workflow.nodes():
            off = [one for name in node.needs() if (one := seen.nodes.get(name)) is not None and not one.enabled]
            if node.enabled and off:
                yield self.at(node, f"{_name(node)} needs {_name(off[0])}, which is switched off")


class FixedSeed(Rule):
    """Candidates differ."""

    code = "seed-fixed"
    severity = _ADVICE
    what = "A step with several candidates has a fixed seed."
    why = "a provider that honours the seed makes the same result each time, and each is paid for"
    try_ = "leave the seed out, or ask for one candidate"
    bad = "steps:\n  - {name: fox, type: text_to_image, prompt: A fox, candidates: 4, params: {seed: 7}}\n"
    good = "steps:\n  - {name: fox, type: text_to_image, prompt: A fox, candidates: 4}\n"

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every such step."""
        for node in seen.workflow.nodes():
            if node.candidates > 1 and node.params.get("seed") is not None:
                yield self.at(node, f"{_name(node)} has {node.candidates} candidates and a fixed seed")


class ReferenceCount(Rule):
    """Few references, each of which counts."""

    code = "reference-count"
    severity = _ADVICE
    formats = GRAPHS
    what = "An image generator has more than two references."
    why = "each further picture weakens the others, the face first"
    try_ = "keep the character and one more"
    bad = (
        Put("A", "Generate", "inputs.+", {"name": "image 2", "type": "image", "link": 7}),
        Put("A", "Generate", "inputs.+", {"name": "image 3", "type": "image", "link": 8}),
        Put("A", "", "links.+", [7, 3, 0, 4, 2, "image"]),
        Put("A", "", "links.+", [8, 3, 0, 4, 3, "image"]),
    )

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every image generator with more."""
        most = seen.settings.most_references
        for node in seen.workflow.nodes():
            count = sum(len(entry.refs) for entry in node.inputs if entry.role == "reference" and entry.mode == "all")
            if node.op is Operation.TEXT_TO_IMAGE and count > most:
                yield self.at(node, f"{_name(node)} has {count} references; at most {most} are recommended")


class ReferenceDepth(Rule):
    """Pictures come from the anchor, not from one another."""

    code = "reference-depth"
    severity = _ADVICE
    formats = GRAPHS
    what = "A picture is made from a picture that was made from a picture."
    why = "each copy drifts from the character; all scenes should refer to the same approved anchor"
    try_ = "refer to the anchor's gate, never to the scene before"
    bad = tuple(
        put
        for step, source in ((20, 5), (21, 20), (22, 21))
        for put in (
            Put(
                "A",
                "",
                "nodes.+",
                {
                    "id": step,
                    "type": "nanobanana/NanobananaAPI",
                    "title": f"Generate {step}",
                    "properties": {"model": "nano_banana_2", "outputCount": 4},
                },
            ),
            Put("A", "", "links.+", [step, 6, 0, step, 0, "string"]),
            Put("A", "", "links.+", [step + 10, source, 0, step, 1, "image"]),
        )
    )

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every generator at the forbidden depth."""
        nodes = list(seen.workflow.nodes())
        index = {node.id: number for number, node in enumerate(nodes)}
        feeding = [[index[ref] for entry in node.inputs for ref in entry.refs if ref in index] for node in nodes]
        topology, _ = build(feeding)
        depth = [0] * len(nodes)
        for number in topology.order if topology is not None else ():
            above = max((depth[one] for one in feeding[number]), default=0)
            depth[number] = above + (nodes[number].op is Operation.TEXT_TO_IMAGE)
            if depth[number] == seen.settings.reference_depth + 1 > above:
                says = f"{_name(nodes[number])} is made from pictures through {depth[number]} generations"
                yield self.at(nodes[number], says)


class StandardText(Rule):
    """What all accounts share is the same in all tabs."""

    code = "nb-standard-text"
    severity = _ADVICE
    formats = GRAPHS
    what = "Templates of the same title say different things in different tabs."
    why = "composition, camera and light are meant to be the same for all accounts; only names and looks differ"
    try_ = "copy the template from the tab that is right; put what differs into the rows"
    bad = (Put("B", "Prompt: template", "properties.text", "{scene} Soft light."),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every template that differs from the first of its title."""
        first: dict[str, tuple[str, GraphNode]] = {}
        for node in seen.graph.nodes():
            if node.kind is NodeKind.PROMPT and node.props.get("templateMode") is True and node.title:
                title = node.title.replace(node.tab, "").strip().lower()
                text, other = first.setdefault(title, (node.text, node))
                if text != node.text:
                    says = f"{node.label} differs from the template of that title in {other.tab[:60]!r}"
                    yield self.at(node, says, "properties", "text")


def _name(node: Node) -> str:
    return f"{node.title[:60]!r} ({node.id})" if node.title else str(node.id)


FLOW: tuple[Rule, ...] = (
    Volatile(),
    GateMissing(),
    Unused(),
    DisabledNeeded(),
    FixedSeed(),
    ReferenceCount(),
    ReferenceDepth(),
    StandardText(),
)
