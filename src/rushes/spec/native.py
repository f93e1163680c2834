"""The native document: YAML and JSON are two spellings of it. Top level, tabs, and the two passes over the steps."""

from __future__ import annotations

from typing import Any

from rushes.model.ids import NodeId
from rushes.model.problem import Mark, Path, Problem, did_you_mean
from rushes.model.workflow import LimitSpec, Tab, Workflow
from rushes.plugin.format import Document
from rushes.spec import json_tree, yaml_tree
from rushes.spec.codes import problem
from rushes.spec.forms import bare
from rushes.spec.making import Desk
from rushes.spec.notes import Notes, Raw, shown
from rushes.spec.outline import Draft, Group, Item, Outline, Outliner
from rushes.spec.refs import Names
from rushes.spec.settings import read_settings, read_variables
from rushes.spec.steps import build_step
from rushes.spec.words import INPUT_TYPES, TAB_KEYS, TOP_KEYS


class YamlFormat:
    """Workflows in YAML."""

    name = "yaml"

    def parse(self, file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
        """Bytes to a plain tree."""
        return _document(file, self.name, data, *yaml_tree.parse(file, data))

    def structure(self, document: Document) -> tuple[Workflow | None, list[Problem]]:
        """Tree to workflow, or to every reason why not."""
        return structure(document)

    def locate(self, document: Document, path: Path) -> Mark | None:
        """Line and column of a path."""
        return yaml_tree.locate(document.file, document.data, path)


class JsonFormat:
    """Workflows in JSON: the same document."""

    name = "json"

    def parse(self, file: str, data: bytes) -> tuple[Document | None, list[Problem]]:
        """Bytes to a plain tree."""
        return _document(file, self.name, data, *json_tree.parse(file, data))

    def structure(self, document: Document) -> tuple[Workflow | None, list[Problem]]:
        """Tree to workflow, or to every reason why not."""
        return structure(document)

    def locate(self, document: Document, path: Path) -> Mark | None:
        """Line and column of a path."""
        return json_tree.locate(document.file, document.data, path)


def _document(
    file: str, name: str, data: bytes, tree: Any, problems: list[Problem]
) -> tuple[Document | None, list[Problem]]:
    return (None, problems) if problems else (Document(file, name, data, tree), [])


def structure(document: Document) -> tuple[Workflow | None, list[Problem]]:
    """The workflow of a native document.

    A workflow is returned beside its problems as far as one can be made, so that later checks can speak too;
    nobody may run it while one of them is an error.
    """
    root = document.tree
    if not isinstance(root, dict):
        says = f"the file holds {shown(root)} where a workflow is a mapping"
        return None, [problem("value-type", says, try_="begin with `name:` and `steps:`")]
    reader = _Reader(document, root)
    workflow = reader.read()
    said = {(one.code, one.path, one.says): one for one in reversed(reader.notes.problems)}
    return workflow, list(reversed(said.values()))  # what a group says for its members is wrong once


class _Reader:
    """One document on its way to being a workflow."""

    def __init__(self, document: Document, root: Raw) -> None:
        self.notes = Notes()
        self._document = document
        self._root = root
        self._taken: set[str] = set()

    def read(self) -> Workflow | None:
        root, notes = self._root, self.notes
        notes.keys(root, TOP_KEYS, (), "a workflow")
        settings = read_settings(root, notes)
        texts, lists = read_variables(root, notes)
        inputs = self._inputs()
        self._leftovers()
        name = self._name(root, (), _stem(self._document.file))
        outlines = self._outlines(name, lists)
        if outlines is None:
            return None
        everywhere = {outline.prefix + key: item for outline in outlines for key, item in outline.names.items()}
        tabs: list[Tab] = []
        limits: list[LimitSpec] = []
        names = Names({}, everywhere)
        for outline in outlines:
            notes.tab = outline.tab
            names = Names(outline.names, everywhere)
            desk = Desk(
                outline.tab, outline.prefix, names, notes, inputs, texts, lists, self._taken, settings.candidates
            )
            for draft in outline.drafts:
                build_step(draft, desk)
            tabs.append(Tab(outline.tab, tuple(desk.nodes)))
            limits += [*outline.limits, *desk.limits]
        notes.tab = notes.node = None
        described = root.get("description")
        return Workflow(
            name=name,
            format=self._document.format,
            tabs=tuple(tabs),
            settings=settings,
            variables=texts,
            limits=tuple(limits),
            inputs=inputs,
            result=self._result(names if len(outlines) == 1 else Names({}, everywhere)),
            description=described if isinstance(described, str) else "",
        )

    def _name(self, raw: Raw, path: Path, otherwise: str) -> str:
        value = raw.get("name")
        if value is None:
            return otherwise
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= 200:
            return value.strip()
        self.notes.say("name-unusable", f"{shown(value)} cannot be a name", (*path, "name"), "write a short text")
        return otherwise

    def _outlines(self, name: str, lists: dict[str, tuple[str, ...]]) -> list[Outline] | None:
        root, notes = self._root, self.notes
        if ("steps" in root) == ("tabs" in root):
            if "steps" in root:
                notes.say("value-conflict", "the file has both steps and tabs", ("tabs",), "move the steps into a tab")
            else:
                notes.say("key-missing", "the file has no steps", (), "write a list of steps under `steps:`")
            return None
        if "steps" in root:
            return self._checked([(name, "", root["steps"], ("steps",))], lists)
        tabs = root["tabs"]
        if not isinstance(tabs, list) or not tabs:
            notes.wrong(root, "tabs", (), "a list of tabs, each with a name and steps")
            return None
        found: list[tuple[str, str, Any, Path]] = []
        for index, raw in enumerate(tabs):
            path: Path = ("tabs", index)
            if not isinstance(raw, dict):
                notes.say("value-type", f"tab {index + 1} is {shown(raw)}", path, "write a mapping with name and steps")
                continue
            notes.keys(raw, TAB_KEYS, path, "a tab")
            tab = self._name(raw, path, f"tab-{index + 1}")
            if tab in (other for other, *_ in found):
                notes.say("name-doubled", f"two tabs have the name {shown(tab)}", (*path, "name"), "rename one")
                continue
            found.append((tab, f"{tab}/" if len(tabs) > 1 else "", raw.get("steps"), (*path, "steps")))
        return self._checked(found, lists)

    def _checked(
        self, tabs: list[tuple[str, str, Any, Path]], lists: dict[str, tuple[str, ...]]
    ) -> list[Outline] | None:
        outlines: list[Outline] = []
        for tab, prefix, steps, path in tabs:
            if not isinstance(steps, list) or not steps:
                says = f"the steps are {shown(steps) if steps != [] else 'an empty list'}"
                self.notes.say("value-type", says, path, "write a list of steps: `- type: text_to_image`")
                continue
            outlines.append(Outliner(tab, prefix, self.notes, self._taken, lists).read(steps, path))
        self.notes.tab = self.notes.node = None
        return outlines or None

    def _inputs(self) -> dict[str, str]:
        root, notes = self._root, self.notes
        found: dict[str, str] = {}
        prompt = root.get("prompt")
        if isinstance(prompt, str) and "{{" not in prompt:
            found["prompt"] = prompt
        elif prompt is not None:
            notes.word(root, "prompt", ())
        for key in ("input_image", "input_video"):
            if root.get(key) is not None:
                source = notes.source(root[key], (key,))
                if source is not None:
                    found[key] = source
        return found

    def _leftovers(self) -> None:
        """Keys of other tools' files: honoured in that nothing else happens here, or named as having no effect."""
        root, notes = self._root, self.notes
        for key in ("description", "version"):
            if isinstance(root.get(key), list | dict):
                notes.wrong(root, key, (), "a text")
        keep = notes.flag(root, "save_intermediates", ())
        if keep is False:
            says = "save_intermediates has no effect: every result is kept, because it was paid for"
            notes.say("no-effect", says, ("save_intermediates",), "remove it")
        if root.get("temp_dir") is not None:
            notes.output_path(root, "temp_dir", ())
            notes.say(
                "no-effect", "temp_dir has no effect: there are no files to keep there", ("temp_dir",), "remove it"
            )
        if notes.flag(root, "cleanup_temp", ()) is False:
            says = "cleanup_temp has no effect: nothing temporary is left behind"
            notes.say("no-effect", says, ("cleanup_temp",), "remove it")
        kind = notes.one_of(root, "input_type", (), INPUT_TYPES)
        if kind not in (None, "auto"):
            says = "input_type has no effect: each step says by its type what it works on"
            notes.say("no-effect", says, ("input_type",), "remove it")

    def _result(self, names: Names) -> NodeId | None:
        """The step that `output` names."""
        value = self._root.get("output")
        if value is None:
            return None
        if not isinstance(value, str):
            self.notes.wrong(self._root, "output", (), "the name of a step, such as {{final.output}}")
            return None
        name = bare(value)
        item: Item | None = names.find(name)
        if isinstance(item, Draft):
            return item.out
        if isinstance(item, Group):
            says = f"{shown(name)} is a group, and the output is one step"
            self.notes.say("ref-mismatch", says, ("output",), "name one of its members, or leave output out")
            return None
        near = self.notes.nearest(name, names.tab or names.everywhere)
        try_ = did_you_mean(near, "name a step of this workflow")
        self.notes.say("ref-unknown", f"there is no step {shown(value)}", ("output",), try_)
        return None


def _stem(file: str) -> str:
    name = file.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name or "workflow"
