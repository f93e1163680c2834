"""A real web server on the loopback interface that answers as a test tells it to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Page:
    """One answer. `etag` and `modified` are also checked against what the client knows. `stall`: never ends."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    length: bool = True


class Site:
    """Pages by path; `asked` has the request line and headers of every request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.end = threading.Event()

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def website(certificate: Path | None = None) -> Iterator[Site]:
    """A server that lives as long as the block; with a certificate (and its key in the same file) it speaks https."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            page = site.pages.get(self.path, Page(b"nothing here", 404))
            if page.status == 200 and self._is_known(page):
                page = Page(status=304, headers=page.headers)
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.length:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            try:
                self.wfile.write(page.body)
                self.wfile.flush()
            except OSError:  # the client has seen enough
                return
            if page.stall:
                site.end.wait()

        def _is_known(self, page: Page) -> bool:
            etag, modified = page.headers.get("ETag"), page.headers.get("Last-Modified")
            if etag is not None:
                return self.headers.get("If-None-Match") == etag
            return modified is not None and self.headers.get("If-Modified-Since") == modified

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        site.end.set()
        server.shutdown()
        thread.join()
        server.server_close()
