"""The page around the parts: head, order, foot; its style is `report.css`. No script; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rushes.app.report_html import esc

# everything is inside or beside the file: no network, no script, no frame, no form
_POLICY = (
    "default-src 'none'; img-src data: 'self' file:; media-src data: 'self' file:; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'"
)

_STYLE = Path(__file__).with_name("report.css")


def page(title: str, head: Iterable[str], body: Iterable[str], foot: str) -> Iterator[str]:
    """The whole file, in pieces."""
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{esc(_POLICY)}">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{esc(title)}</title><style>{_STYLE.read_text('utf-8')}</style></head><body>"
    yield '<a class="skip" href="#sheet">To the pictures</a><header>'
    yield from head
    yield '</header><main id="main">'
    yield from body
    yield f"</main><footer>{foot}</footer></body></html>\n"
