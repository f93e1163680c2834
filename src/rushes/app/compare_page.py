"""A comparison as one HTML file: the figures as a table, and every result at the size of a card. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rushes.app.compared import Comparison, Contender, Taken
from rushes.app.export import write_whole
from rushes.app.report_html import Bytes, Thumb, esc, href, short
from rushes.app.report_page import page
from rushes.app.report_pictures import thumbs
from rushes.model.ids import Digest
from rushes.model.media import Kind
from rushes.model.money import show_usd
from rushes.model.size import show_seconds

EMBEDDED = 200
"""Pictures inside the file; more are linked to the files beside it."""


def write_page(found: Comparison, store: Bytes, home: Path) -> Path:
    """Write `contact-sheet.html`, whole or not at all. StoreError."""
    path = home / "contact-sheet.html"
    write_whole(path, "".join(html_of(found, store, home)))
    return path


def html_of(found: Comparison, store: Bytes, home: Path) -> Iterator[str]:
    """The file in pieces; `home` is the folder that it lies in."""
    small = thumbs((one.made.artifact for one in found.taken if one.made.artifact is not None), store, EMBEDDED)
    title = short(found.prompt, 80) or str(found.op).replace("_", " ")
    foot = "Made by Rushes. Everything in this file is inside it; films and full sizes lie beside it."
    yield from page(f"{title} – Rushes", _head(found), _body(found, small, home), foot)


def _head(found: Comparison) -> Iterator[str]:
    yield f"<h1>{esc(short(found.prompt, 240) or str(found.op).replace('_', ' '))}</h1>"
    yield f'<p class="sub">{esc(str(found.op).replace("_", " "))} · run {esc(found.run)} '
    if found.simulated:
        yield '<span class="state parked">simulated: nothing was really bought</span>'
    yield "</p>"
    unpriced = " +?" if found.unpriced else ""
    tiles = [
        ("models", f"{len(found.contenders)}"),
        ("results", f"{len(found.taken)}"),
        ("paid this time", show_usd(found.spent) + unpriced),
    ]
    yield '<dl class="tiles">'
    yield "".join(f"<div><dt>{name}</dt><dd>{esc(value)}</dd></div>" for name, value in tiles)
    yield "</dl>"


def _body(found: Comparison, small: Mapping[Digest, Thumb], home: Path) -> Iterator[str]:
    yield '<h2 id="numbers">Side by side</h2>'
    yield from _table(found)
    yield '<h2 id="sheet">Contact sheet</h2>'
    for one in found.contenders:
        yield from _section(one, small, home)


_COLUMNS = ("made", "time", "from", "to", "each", "paid", "pixels", "bytes", "flagged", "score")


def _table(found: Comparison) -> Iterator[str]:
    head = "".join(f'<th scope="col" class="n">{name}</th>' for name in _COLUMNS)
    yield '<div class="scroll"><table><caption>Time from asking to having it; cost in USD</caption><thead><tr>'
    yield f'<th scope="col">model</th><th scope="col">provider</th>{head}</tr></thead><tbody>'
    for one in found.contenders:
        cells = "".join(f'<td class="n">{esc(value)}</td>' for value in _figures(one))
        yield f'<tr><th scope="row">{esc(one.model)}</th><td>{esc(one.provider)}</td>{cells}</tr>'
    yield "</tbody></table></div>"
    if any(one.reused for one in found.contenders):
        yield "<p>What was there before cost nothing this time; its time and price are those of when it was made.</p>"


def _figures(one: Contender) -> tuple[str, ...]:
    times = one.seconds
    return (
        f"{len(one.taken)}/{one.wanted}",
        show_seconds(one.median) if one.median is not None else "",
        show_seconds(times[0]) if times else "",
        show_seconds(times[-1]) if times else "",
        show_usd(one.each) if one.taken else "",
        show_usd(one.spent),
        ", ".join(one.pixels),
        f"{one.bytes:,}" if one.bytes is not None else "",
        f"{one.flagged}/{len(one.taken)}" if one.judged else "",
        f"{one.score:.2f}" if one.judged else "",
    )


def _section(one: Contender, small: Mapping[Digest, Thumb], home: Path) -> Iterator[str]:
    yield f'<section class="scene"><h4>{esc(one.model)}</h4><div class="strips">'
    kind = next((taken.made.artifact.kind for taken in one.taken if taken.made.artifact is not None), Kind.TEXT)
    yield f'<div class="strip {esc(kind)}">'
    if one.why:
        yield f'<p class="lost">{esc(short(one.why, 500))}</p>'
    for taken in one.taken:
        if taken.made.text is not None:
            yield f"<blockquote>{esc(short(taken.made.text, 2000))}</blockquote>"
    shown = [taken for taken in one.taken if taken.made.artifact is not None]
    if shown:
        yield '<ol class="row many">'
        yield from (_figure(taken, small, home) for taken in shown)
        yield "</ol>"
    yield "</div></div></section>"


def _figure(one: Taken, small: Mapping[Digest, Thumb], home: Path) -> str:
    flagged = one.made.verdict.flagged
    caption = [f"<b>{one.made.candidate + 1}</b>"]
    took = "" if one.seconds is None else show_seconds(one.seconds) + (" when it was made" if one.made.reused else "")
    caption.append(esc(" · ".join(fact for fact in (took, show_usd(one.usd)) if fact)))
    if flagged:
        caption.append('<span class="flag">⚑ flagged</span>')
    caption += [f'<span class="finding">{esc(short(f.says, 120))}</span>' for f in one.made.verdict.findings if f.flags]
    body = _media(one, small, home, f"Result {one.made.candidate + 1} of {one.made.node}")
    marked = ' class="flagged"' if flagged else ""
    return f"<li{marked}><figure>{body}<figcaption>{' '.join(caption)}</figcaption></figure></li>"


def _media(one: Taken, small: Mapping[Digest, Thumb], home: Path, alt: str) -> str:
    artifact, path = one.made.artifact, one.made.path
    assert artifact is not None
    link = path.relative_to(home).as_posix() if path is not None and path.is_relative_to(home) else ""
    thumb = small.get(artifact.digest)
    if artifact.kind is Kind.AUDIO and link:
        return f'<audio controls preload="none" src="{href(link)}" aria-label="{esc(alt)}"></audio>'
    size = f' width="{thumb.width}" height="{thumb.height}"' if thumb is not None else ""
    if artifact.kind is Kind.VIDEO and link:
        poster = f' poster="{thumb.src}"' if thumb is not None else ""
        words = f' aria-label="{esc(alt)}"'
        return f'<video controls preload="none" playsinline src="{href(link)}"{poster}{size}{words}></video>'
    picture = f'<img src="{thumb.src}" alt="{esc(alt)}"{size}>' if thumb is not None else ""
    if not picture and artifact.kind is Kind.IMAGE and link:
        picture = f'<img src="{href(link)}" alt="{esc(alt)}" loading="lazy" decoding="async">'
    picture = picture or f'<div class="gone" role="img" aria-label="{esc(alt)}">no preview</div>'
    return f'<a href="{href(link)}">{picture}</a>' if link else picture
