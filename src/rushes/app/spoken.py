"""Models by the names that people use, where only a provider's own name for them was written down."""

from __future__ import annotations

from collections.abc import Callable

from rushes.app.project import Project


def means(project: Project, name: str) -> Callable[[str], bool]:
    """Whether a version is meant: as the catalogue names the model, or by the version itself or a part of it."""
    known = project.catalogue.find(name)
    names = {_bare(name), *(_bare(one.endpoint) for one in (known.listings() if known is not None else ()))}
    return lambda version: any(one in _bare(version) for one in names)


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
