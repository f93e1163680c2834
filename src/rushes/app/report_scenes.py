"""The contact sheet: per tab and scene the candidates with the pick marked, the film, the sound, the words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rushes.app.naming import row_name, scene_stem
from rushes.app.picks import Shown
from rushes.app.report_html import Thumb, esc, href, short
from rushes.graph.value import State
from rushes.model.ids import BaseKey, Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.result import Result
from rushes.model.size import show_seconds

_WORDS = {
    Operation.TEXT_TO_IMAGE: "still",
    Operation.IMAGE_TO_IMAGE: "still from a still",
    Operation.TEXT_TO_VIDEO: "film",
    Operation.IMAGE_TO_VIDEO: "film from a still",
    Operation.VIDEO_TO_VIDEO: "film from a film",
    Operation.AVATAR: "speaking portrait",
    Operation.TEXT_TO_SPEECH: "voice",
    Operation.SPEECH_TO_TEXT: "what was said",
    Operation.ADD_AUDIO: "film with sound",
    Operation.UPSCALE_IMAGE: "larger still",
    Operation.UPSCALE_VIDEO: "larger film",
    Operation.SPLIT_IMAGE: "panel",
    Operation.CONCAT_VIDEOS: "all films in one",
    Operation.GENERATE_SUBTITLES: "film with subtitles",
    Operation.ANALYZE_IMAGE: "description",
    Operation.ANALYZE_VIDEO: "description",
    Operation.PROMPT_GENERATION: "prompt",
}


class Sheet:
    """What the contact sheet is made from.

    `links` are the exported files by digest, relative to the report; `recipes` by base key, for the words that were
    asked: of this run, else of earlier ones.
    """

    def __init__(
        self,
        thumbs: Mapping[Digest, Thumb],
        links: Mapping[str, str],
        recipes: Mapping[BaseKey, Mapping[str, Any]],
        earlier: Mapping[BaseKey, Mapping[str, Any]],
        bases: Mapping[int, BaseKey | None],
    ) -> None:
        self._thumbs = thumbs
        self._links = links
        self._recipes = recipes
        self._earlier = earlier
        self._bases = bases

    def html(self, rows: Sequence[Shown]) -> Iterator[str]:
        """All scenes, tab by tab."""
        tabs: dict[str, dict[str, list[Shown]]] = {}
        for one in rows:
            tabs.setdefault(one.node.tab, {}).setdefault(scene_of(one), []).append(one)
        for number, (tab, scenes) in enumerate(tabs.items()):
            if len(tabs) > 1:
                yield f'<h3 class="tab" id="tab-{number}">{esc(tab)}</h3>'
            for name, members in scenes.items():
                yield '<section class="scene">'
                yield f'<h4>{esc(name)}</h4><div class="strips">'
                for one in members:
                    yield from self._strip(one)
                yield "</div></section>"

    def _strip(self, one: Shown) -> Iterator[str]:
        recipe = self._recipe(one) or {}
        said = recipe.get("prompt")
        prompt = said if isinstance(said, str) else ""
        yield f'<div class="strip {esc(one.kind)}"><div class="what">'
        yield f"<b>{esc(one.node.title or one.node.id)}</b>"
        model = str(recipe.get("stands_in") or one.node.model or recipe.get("model") or "")
        lent = one.says if one.borrowed else ""
        facts = [_WORDS.get(one.node.op, str(one.node.op)), model, _common_facts(one), _note(one), lent]
        yield f"<span>{esc(' · '.join(fact for fact in facts if fact))}</span>"
        if prompt:
            yield f'<p class="prompt">{esc(short(prompt, 600))}</p>'
        yield "</div>"
        yield from self._results(one, prompt)
        yield "</div>"

    def _results(self, one: Shown, prompt: str) -> Iterator[str]:
        if one.state in (State.FAILED, State.BLOCKED):
            yield f'<p class="lost">{esc(one.says or one.state)}</p>'
            return
        yield from (f"<blockquote>{words}</blockquote>" for words in _texts(one))
        pictures = one.pictures()
        if not pictures and one.value is not None and one.value.main is not None:
            pictures = [(0, None, one.value.main)]  # type: ignore[list-item]
        if not pictures:
            return
        many = len(pictures) > 1
        yield f'<ol class="row{" many" if many else ""}">'
        for number, result, artifact in pictures:
            yield self._figure(one, number if many else 0, result, artifact, prompt)
        yield "</ol>"

    def _figure(self, one: Shown, number: int, result: Result | None, artifact: Artifact, prompt: str) -> str:
        picked = number > 0 and artifact.digest == one.picked
        flags = [finding.says for finding in result.verdict.findings if finding.flags] if result is not None else []
        name = one.node.title or str(one.node.id)
        alt = f"{f'Candidate {number} of ' if number else ''}{name}{': ' + short(prompt, 140) if prompt else ''}"
        caption = [f"<b>{number}</b>"] if number else []
        if picked:
            caption.append('<span class="pick">✓ picked</span>')
        if result is not None and result.verdict.flagged:
            caption.append('<span class="flag">⚑ flagged</span>')
        if not _common_facts(one):
            caption.append(f'<span class="facts">{esc(_facts(artifact))}</span>')
        caption.extend(f'<span class="finding">{esc(short(text, 120))}</span>' for text in flags)
        classes = " ".join(
            name for name, on in (("picked", picked), ("flagged", result is not None and result.verdict.flagged)) if on
        )
        body = self._media(artifact, alt)
        return f'<li class="{classes}"><figure>{body}<figcaption>{" ".join(caption)}</figcaption></figure></li>'

    def _media(self, artifact: Artifact, alt: str) -> str:
        link = self._links.get(artifact.digest)
        thumb = self._thumbs.get(artifact.digest)
        if artifact.kind is Kind.AUDIO:
            source = f' src="{href(link)}"' if link else ""
            return f'<audio controls preload="none"{source} aria-label="{esc(alt)}"></audio>'
        size = _size(artifact, thumb)
        if artifact.kind is Kind.VIDEO and link:
            poster = f' poster="{thumb.src}"' if thumb is not None else ""
            return (
                f'<video controls preload="{"none" if thumb else "metadata"}" playsinline src="{href(link)}"'
                f'{poster}{size} aria-label="{esc(alt)}"></video>'
            )
        if thumb is not None:
            picture = f'<img src="{thumb.src}" alt="{esc(alt)}"{size}>'
        elif link and artifact.kind is Kind.IMAGE:
            picture = f'<img src="{href(link)}" alt="{esc(alt)}" loading="lazy" decoding="async"{size}>'
        else:
            picture = f'<div class="gone" role="img" aria-label="{esc(alt)}">no preview</div>'
        return f'<a href="{href(link)}">{picture}</a>' if link else picture

    def _recipe(self, one: Shown) -> Mapping[str, Any] | None:
        base = self._bases.get(one.cell)
        return None if base is None else self._recipes.get(base) or self._earlier.get(base)


def scene_of(one: Shown) -> str:
    """The heading under which a row stands: `Scene 03` by its title or its row, else the node's title."""
    title = one.node.title or str(one.node.id)
    stem = scene_stem(title)
    if stem is None and one.rows > 1:
        stem = row_name(one.row, one.rows)
    return f"Scene {stem[5:].partition('-')[0]}" if stem is not None else title


def _note(one: Shown) -> str:
    if one.waits:
        return "waits for approval"
    if one.how in ("approved", "best", "first-clean", "first clean") and one.candidates:
        return {"approved": "approved by a person"}.get(one.how, f"picked: {one.how.replace('-', ' ')}")
    return ""


def _texts(one: Shown) -> Iterator[str]:
    """The text that stands, else those that a person may choose from, under their numbers."""
    if one.value is not None:
        if one.value.text is not None:
            yield esc(short(one.value.text, 2000))
        return
    for result in one.candidates:
        if result.value.text is not None and result.value.main is None:
            yield f"<b>{result.candidate + 1}</b> {esc(short(result.value.text, 2000))}"


def _common_facts(one: Shown) -> str:
    """Size and length, when all results agree; `""` when each must say its own."""
    artifacts = [artifact for _number, _result, artifact in one.pictures()]
    if not artifacts and one.value is not None and one.value.main is not None:
        artifacts = [one.value.main]
    facts = {_facts(artifact) for artifact in artifacts}
    return facts.pop() if len(facts) == 1 else ""


def _facts(artifact: Artifact) -> str:
    parts = []
    if artifact.width and artifact.height:
        parts.append(f"{artifact.width}×{artifact.height}")
    if artifact.seconds:
        parts.append(show_seconds(artifact.seconds))
    return " · ".join(parts)


def _size(artifact: Artifact, thumb: Thumb | None) -> str:
    if thumb is not None:
        return f' width="{thumb.width}" height="{thumb.height}"'
    if artifact.width and artifact.height:
        return f' width="{int(artifact.width)}" height="{int(artifact.height)}"'
    return ""


def shown_pictures(rows: Iterable[Shown]) -> Iterator[Artifact]:
    """What needs a small picture, the picks of all scenes before any of the rest."""
    rows = list(rows)
    for one in rows:
        if one.value is not None and one.value.main is not None:
            yield one.value.main
    for one in rows:
        for _number, _result, artifact in one.pictures():
            yield artifact
