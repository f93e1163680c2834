"""Text with holes: what a prompt or a parameter is before its inputs are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rushes.model.ids import NodeId


class Ref(NamedTuple):
    """The decided output of another node, for the same row."""

    node: NodeId


class Var(NamedTuple):
    """A value that the run supplies: `input`, `item`, `timestamp`, `random`, `input_lines`, `env.NAME`, a variable."""

    name: str


class Text(NamedTuple):
    """Literal pieces, references and variables, in order; adjacent literals are joined by the reader."""

    parts: tuple[str | Ref | Var, ...]

    @property
    def literal(self) -> str | None:
        """The whole text when nothing in it is open, else None."""
        parts = self.parts
        if len(parts) != 1:
            return None if parts else ""
        first = parts[0]
        return first if isinstance(first, str) else None

    @property
    def refs(self) -> tuple[NodeId, ...]:
        """The nodes this text needs, in order of appearance, doubles kept."""
        return tuple(part.node for part in self.parts if isinstance(part, Ref))

    @property
    def vars(self) -> tuple[str, ...]:
        """The run variables this text needs, in order of appearance."""
        return tuple(part.name for part in self.parts if isinstance(part, Var))

    def filled(self, values: Mapping[str, str]) -> str | None:
        """The whole text when `values` has all that is open in it, else None."""
        pieces: list[str] = []
        for part in self.parts:
            piece = part if isinstance(part, str) else values.get(part.name) if isinstance(part, Var) else None
            if piece is None:
                return None
            pieces.append(piece)
        return "".join(pieces)

    def given(self, values: Mapping[str, str]) -> Text:
        """This text with the variables filled in that `values` has; what a value says is never read as a hole."""
        if not any(isinstance(part, Var) and part.name in values for part in self.parts):
            return self
        parts: list[str | Ref | Var] = []
        for part in self.parts:
            piece = values.get(part.name, part) if isinstance(part, Var) else part
            if isinstance(piece, str) and parts and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
        return Text(tuple(parts))


def plain(text: str) -> Text:
    """A text without holes."""
    return Text((text,))
