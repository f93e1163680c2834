"""The nine checks that teams run before every pass over a node graph, and the ones that belong to them."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator

from rushes.lint.example import Put
from rushes.lint.rule import GRAPHS, Rule, SaidByReader, Subject
from rushes.model.problem import Problem, Severity
from rushes.spec import nbflow_repair as repair
from rushes.spec.nbflow_graph import Graph
from rushes.spec.nbflow_kinds import GENERATORS, PLACEHOLDER, NodeKind

_WARNING, _ADVICE = Severity.WARNING, Severity.ADVICE


class ImageModel(Rule):
    """The model of image generators is one of those the project allows."""

    code = "nb-model"
    sanity = 1
    severity = _ADVICE
    formats = GRAPHS
    what = "An image generator names another model than `nano_banana_2` (which is `gemini-3.1-flash-image`)."
    why = "an older model makes pictures that look like stock, and a set of scenes from two models does not match"
    try_ = "name that model, unless another is meant"
    bad = (Put("A", "Generate", "properties.model", "imagen4"),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every image generator with another model."""
        allowed = seen.settings.image_models
        for node in seen.graph.nodes():
            model = node.props.get("model")
            if allowed and node.kind is NodeKind.IMAGE and model not in allowed:
                says = f"{node.label} asks {str(model)[:60]!r}, and {' or '.join(allowed)} is expected"
                yield self.at(node, says, "properties", "model")


class OutputCount(Rule):
    """Every generator makes the agreed number of candidates."""

    code = "nb-output-count"
    sanity = 2
    severity = _ADVICE
    formats = GRAPHS
    what = "A generator's `outputCount` is not 4."
    why = "with one candidate there is nothing to choose from"
    try_ = "set `outputCount` to 4, unless another number is meant"
    bad = (Put("A", "Generate", "properties.outputCount", 1),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every generator with another number."""
        wanted = seen.settings.output_count
        for node in seen.graph.nodes():
            count = node.props.get("outputCount")
            if wanted is not None and node.kind in GENERATORS and str(count) != str(wanted):
                says = f"`outputCount` of {node.label} is {str(count)[:20]}, not {wanted}"
                yield self.at(node, says, "properties", "outputCount")


class OpenPlaceholder(SaidByReader):
    """Every placeholder is filled."""

    code = "nb-placeholder-open"
    sanity = 3
    severity = Severity.ERROR
    formats = GRAPHS
    what = "A placeholder of a template has neither a link nor a prompt of that `variableName` in its tab."
    why = "the model would be sent the braces, and the picture has nothing to do with the script"
    try_ = "connect a prompt whose `variableName` is the placeholder"
    bad = (Put("A", "Prompt: template", "properties.text", "{scene} in {mood}"),)


class FlatRows(SaidByReader):
    """Rows are flat texts."""

    code = "nb-rows-shape"
    sanity = 6
    severity = Severity.ERROR
    formats = GRAPHS
    what = "An entry of `dynamicRows` is not a text."
    why = "an editor stops at such a row with `r.trim is not a function`"
    try_ = "write the row as one text in quotes; an object with one text in it is mended by --fix"
    fixable = True
    bad = (Put("A", "Prompt: rows", "properties.dynamicRows.0", {"text": "Wide shot. Mia waits."}),)


class LinkSlot(SaidByReader):
    """Links lead to inputs that exist."""

    code = "nb-link-slot"
    sanity = 8
    severity = Severity.ERROR
    formats = GRAPHS
    what = "A link leads to an input that its target does not have."
    why = "an editor drops such a link, and the reference never reaches the model"
    try_ = "connect it again; an input that a generator lacks is added by --fix"
    bad = (Put("A", "", "links.+", [7, 3, 0, 4, 2, "image"]),)


class Mended(Rule):
    """A rule whose faults `rushes check --fix` mends, because the file says elsewhere what is right."""

    severity = _WARNING
    formats = GRAPHS
    fixable = True
    try_ = "run `rushes check --fix`; it shows what it changes"

    @staticmethod
    @abstractmethod
    def find(graph: Graph) -> Iterator[repair.Fault]:
        """The faults, from the repair."""

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every fault that the repair knows."""
        for fault in self.find(seen.graph):
            yield self.problem(fault.says, fault.path, tab=fault.tab, node=fault.node, fix=fault.edits)


class NegativePrompt(Mended):
    """`negativePrompt` is a text."""

    code = "nb-negative-prompt"
    sanity = 4
    what = "The `negativePrompt` of a video node is absent or not a text. An empty text is right."
    why = "an editor stops at import with `r.trim is not a function`"
    bad = (Put("A", "Veo", "properties.negativePrompt", None),)
    find = staticmethod(repair.negative_prompts)


class VideoSlots(Mended):
    """A video node has three inputs."""

    code = "nb-video-slots"
    sanity = 5
    what = "A video node has fewer than its three inputs: prompt, start frame, end frame."
    why = "the import of the file fails"
    bad = (Put("A", "Veo", "inputs", [{"name": "prompt", "type": "string", "link": 5}]),)
    find = staticmethod(repair.missing_slots)


class TemplateSlots(Mended):
    """Inputs of a template are named like its placeholders."""

    code = "nb-template-slots"
    sanity = 7
    what = "The inputs of a template are not named exactly like its placeholders."
    why = "an editor takes the input away on import, and its link with it"
    bad = (Put("A", "Prompt: template", "inputs.0.name", "Scene"),)
    find = staticmethod(repair.template_slots)


class StaleLinks(Mended):
    """Copies of links agree with the table."""

    code = "nb-link-stale"
    sanity = 9
    what = "An `input.link` or `output.links` disagrees with the `links` table, which is the truth."
    why = "runs from the editor follow the copies and drop references without a word"
    bad = (Put("A", "Generate", "inputs.1.link", 100003),)
    find = staticmethod(repair.stale_copies)


class LastIds(Mended):
    """The counters are right."""

    code = "nb-last-ids"
    what = "`last_node_id` or `last_link_id` is not the highest id in use."
    why = "the next node or link that is drawn in the editor takes an id that exists"
    bad = (Put("A", "", "last_node_id", 3),)
    find = staticmethod(repair.last_ids)


class ImageCount(Mended):
    """`imageCount` counts the image inputs."""

    code = "nb-image-count"
    what = "`imageCount` of an image generator is not the number of its image inputs."
    why = "the editor draws that many inputs, and links to others are lost"
    bad = (Put("A", "Generate", "properties.imageCount", 3),)
    find = staticmethod(repair.image_counts)


class SharedIds(Rule):
    """Ids are unique over the file."""

    code = "nb-ids-shared"
    severity = _WARNING
    formats = GRAPHS
    what = "Two tabs use the same node id."
    why = "a node can only be named together with its tab, and renaming the tab renames it"
    try_ = "number the nodes of tab N from N times 100,000"
    bad = (Put("B", "Hero", "id", 3),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """One problem for each tab after the first that repeats ids."""
        known: set[str] = set()
        for tab in seen.graph.tabs:
            again = [key for key in tab.nodes if key in known]
            known.update(tab.nodes)
            if again:
                says = (
                    f"{len(again)} ids of the tab {tab.name[:60]!r} are used in another tab too, {again[0][:40]} first"
                )
                yield self.problem(says, tab.nodes[again[0]].path, tab=tab.name)


class IdNumbers(Rule):
    """Ids are positive whole numbers."""

    code = "nb-id-number"
    severity = _WARNING
    formats = GRAPHS
    what = "A node id is not a positive whole number."
    why = "editors count on from the highest id"
    try_ = "give it the next free number, in its links too"
    bad = (Put("A", "Prompt: move", "id", "six"),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every node with another id."""
        for node in seen.graph.nodes():
            number = node.body.get("id")
            if type(number) is not int or number < 1:
                yield self.at(node, f"the id {node.key[:40]!r} is not a positive whole number", "id")


class LinkIds(Rule):
    """Link ids are unique in their tab."""

    code = "nb-link-ids"
    severity = _WARNING
    formats = GRAPHS
    what = "Two links of one tab have the same id."
    why = "the copies of links in the nodes cannot tell them apart"
    try_ = "give each link its own id"
    bad = (Put("A", "", "links.2.0", 2),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every link id that comes again."""
        for tab in seen.graph.tabs:
            counts = Counter(link.id for link in tab.links)
            for link in tab.links:
                if counts[link.id] > 1:
                    counts[link.id] = 0  # said once
                    yield self.problem(
                        f"link id {link.id[:40]} is used more than once", (*tab.path, "links", link.at), tab=tab.name
                    )


class VariableName(Rule):
    """A prompt is called what the placeholder is called."""

    code = "nb-variable-name"
    severity = _WARNING
    formats = GRAPHS
    what = "The prompt that is linked to a placeholder has another `variableName`."
    why = "an editor fills placeholders by that name and sends the braces where it finds none"
    try_ = "set the prompt's `variableName` to the placeholder"
    bad = (Put("A", "Prompt: rows", "properties.variableName", "scenes"),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every link into a placeholder from a prompt of another name."""
        for tab in seen.graph.tabs:
            for node in tab.nodes.values():
                if node.kind is not NodeKind.PROMPT or node.props.get("templateMode") is not True:
                    continue
                holes = set(PLACEHOLDER.findall(node.text))
                for slot, link in node.feeds.items():
                    source, name = tab.source(link), node.slot_name(slot)
                    if (
                        source is not None
                        and source.kind is NodeKind.PROMPT
                        and name in holes
                        and source.variable != name
                    ):
                        says = f"{source.label} fills {{{name}}} and is called {source.variable[:40]!r}"
                        yield self.at(source, says, "properties", "variableName")


class Embedded(Rule):
    """Pictures are not in the file."""

    code = "nb-embedded"
    severity = _WARNING
    formats = GRAPHS
    what = "A property holds a picture or clip as base64 text of more than 1,024 characters."
    why = "editors take such texts out on import, and the file grows with every run"
    try_ = "save it beside the file, or upload it, and write its address"
    bad = (Put("A", "Approve", "properties.lastData", "data:image/png;base64," + "A" * 1100),)

    def look(self, seen: Subject) -> Iterator[Problem]:
        """Every long text that begins like data."""
        for node in seen.graph.nodes():
            for name, value in node.props.items():
                for one in value if isinstance(value, list) else (value,):
                    if isinstance(one, str) and len(one) > 1024 and one.startswith("data:"):
                        says = f"`{name[:40]}` of {node.label} holds {len(one):,} characters of data"
                        yield self.at(node, says, "properties", name)
                        break


SANITY: tuple[Rule, ...] = (
    ImageModel(),
    OutputCount(),
    OpenPlaceholder(),
    NegativePrompt(),
    VideoSlots(),
    FlatRows(),
    TemplateSlots(),
    LinkSlot(),
    StaleLinks(),
    SharedIds(),
    IdNumbers(),
    LinkIds(),
    LastIds(),
    ImageCount(),
    VariableName(),
    Embedded(),
)
