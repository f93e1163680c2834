"""References: files beside a workflow, and URLs. What they stand for is what their bytes are."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.assets.website import Page, Site, website

from rushes.assets import fetch
from rushes.assets.fetch import fetch_url
from rushes.assets.files import known_files, store_file
from rushes.assets.local import LocalStore
from rushes.assets.sources import Source, read_file, read_sources
from rushes.errors import NotFound, RefusedError, RushesError, StoreError
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.ids import Digest
from rushes.testing.blobs import digest_of
from rushes.testing.media import mp4, png, wav

LONG_AGO = 1_700_000_000_000_000_000  # nanoseconds


class Rig(NamedTuple):
    folder: Path
    store: LocalStore
    memo: Ledger

    def file(self, name: str, data: bytes, changed: int = LONG_AGO) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(changed, changed))
        return path

    def read(self, *refs: str) -> dict[str, Source]:
        return asyncio.run(read_sources(refs, self.folder, self.store, self.memo))

    def fetch(self, url: str) -> Digest:
        return asyncio.run(fetch_url(url, self.store, self.memo))

    def problem(self, ref: str) -> str:
        source = self.read(ref)[ref]
        assert source.artifact is None
        assert source.next_step
        return source.says


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    folder = tmp_path / "project"
    folder.mkdir()
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        yield Rig(folder, LocalStore(tmp_path / "store"), ledger)


@pytest.fixture
def site() -> Iterator[Site]:
    with website() as opened:
        yield opened


# files


def test_files_are_artifacts_by_what_they_hold(rig: Rig) -> None:
    still, clip, sound = png("a fox"), mp4("a fox"), wav("a fox")
    rig.file("fox.png", still)
    rig.file("films/fox.bin", clip)
    rig.file("fox.jpg", sound)
    found = rig.read("fox.png", "films/fox.bin", "./fox.jpg", "fox.png")
    assert list(found) == ["fox.png", "films/fox.bin", "./fox.jpg"]
    artifacts = [source.artifact for source in found.values()]
    assert [one.digest for one in artifacts if one] == [digest_of(still), digest_of(clip), digest_of(sound)]
    assert [one.media_type for one in artifacts if one] == ["image/png", "video/mp4", "audio/wav"]
    assert rig.store.path(digest_of(still)).read_bytes() == still


def test_an_unchanged_file_is_not_read_again(rig: Rig) -> None:
    """Seen from outside: the bytes change behind the same size, time and inode, and nobody notices."""
    path = rig.file("fox.png", png("a fox"))
    before = rig.read("fox.png")
    rig.file("fox.png", b"x" * path.stat().st_size)
    assert rig.read("fox.png") == before


@pytest.mark.parametrize("how", ["time", "size", "inode"])
def test_a_changed_file_is_read_again(rig: Rig, how: str) -> None:
    first, second = png("a fox"), png("an owl")
    assert (len(first) != len(second)) or how != "size"
    path = rig.file("fox.png", first)
    rig.read("fox.png")
    if how == "inode":
        path.rename(rig.folder / "kept.png")
    rig.file("fox.png", second + b"\0" * (how == "size"), LONG_AGO + (how == "time"))
    artifact = rig.read("fox.png")["fox.png"].artifact
    assert artifact is not None
    assert artifact.digest == digest_of(second + b"\0" * (how == "size"))


def test_a_file_that_was_just_changed_is_not_trusted_to_stay(rig: Rig) -> None:
    """A second change within a tick of the clock would not show in the file's time."""
    path = rig.folder / "fox.png"
    path.write_bytes(png("a fox"))
    digest = store_file(path, rig.store, rig.memo)
    assert digest == digest_of(png("a fox"))
    assert known_files([path], rig.store, rig.memo) == {}


def test_a_file_whose_blob_was_removed_is_stored_again(rig: Rig) -> None:
    rig.file("fox.png", png("a fox"))
    artifact = rig.read("fox.png")["fox.png"].artifact
    assert artifact is not None
    rig.store.path(artifact.digest).unlink()
    assert rig.read("fox.png")["fox.png"].artifact == artifact
    assert rig.store.has(artifact.digest)


def test_a_missing_file_says_where_it_was_looked_for(rig: Rig) -> None:
    assert str(rig.folder / "fox.png") in rig.problem("fox.png")


@pytest.mark.parametrize("ref", ["/etc/passwd", "/proc/self/environ", "secret.png", "keys.png"])
def test_a_text_that_is_called_a_picture_stays_here(rig: Rig, ref: str) -> None:
    """Not even a copy of it is made."""
    rig.file("secret.png", b"root:x:0:0:root:/root:/bin/bash\n")
    rig.file("keys.png", b'{"api_key": "sk-123"}')
    assert rig.problem(ref)
    assert list(rig.store.digests()) == []


@pytest.mark.parametrize("ref", [".", "/dev/zero", "pipe", "a\0b", "x" * 300])
def test_what_is_no_regular_file_is_refused_at_once(rig: Rig, ref: str) -> None:
    os.mkfifo(rig.folder / "pipe")
    assert rig.problem(ref)
    assert list(rig.store.digests()) == []


def test_bytes_that_are_no_media_are_refused(rig: Rig) -> None:
    rig.file("fox.png", png("a fox")[:20])
    assert "fox.png" in rig.problem("fox.png")


def test_one_bad_reference_does_not_spoil_the_others(rig: Rig) -> None:
    rig.file("fox.png", png("a fox"))
    found = rig.read("nothing.png", "fox.png", "ftp://host/fox.png")
    assert [source.artifact is None for source in found.values()] == [True, False, True]


def test_reading_a_file_twice_gives_the_same_artifact(rig: Rig) -> None:
    path = rig.file("fox.png", png("a fox"))
    assert read_file(path, rig.store, rig.memo) == read_file(path, rig.store, rig.memo)


# URLs


def test_a_url_stands_for_what_is_there(rig: Rig, site: Site) -> None:
    site.pages["/fox"] = Page(png("a fox"), headers={"Content-Type": "text/html"})
    artifact = rig.read(site.url("/fox"))[site.url("/fox")].artifact
    assert artifact is not None
    assert (artifact.digest, artifact.media_type) == (digest_of(png("a fox")), "image/png")


@pytest.mark.parametrize("validator", [{"ETag": '"v1"'}, {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_unchanged_bytes_are_asked_about_and_not_sent_again(rig: Rig, site: Site, validator: dict[str, str]) -> None:
    site.pages["/fox"] = Page(png("a fox"), headers=validator)
    first = rig.fetch(site.url("/fox"))
    site.pages["/fox"].body = b"never sent"
    assert rig.fetch(site.url("/fox")) == first
    assert len(site.asked) == 2


def test_changed_bytes_behind_the_same_url_are_another_artifact(rig: Rig, site: Site) -> None:
    site.pages["/fox"] = Page(png("a fox"), headers={"ETag": '"v1"'})
    rig.fetch(site.url("/fox"))
    site.pages["/fox"] = Page(png("an owl"), headers={"ETag": '"v2"'})
    assert rig.fetch(site.url("/fox")) == digest_of(png("an owl"))
    site.pages["/fox"] = Page(png("a hare"))
    assert rig.fetch(site.url("/fox")) == digest_of(png("a hare"))


def test_what_the_store_has_lost_is_fetched_again(rig: Rig, site: Site) -> None:
    site.pages["/fox"] = Page(png("a fox"), headers={"ETag": '"v1"'})
    digest = rig.fetch(site.url("/fox"))
    rig.store.path(digest).unlink()
    assert rig.fetch(site.url("/fox")) == digest
    assert rig.store.has(digest)


def test_redirects_are_followed_and_named_hosts_reach_the_server(rig: Rig, site: Site) -> None:
    site.pages["/a"] = Page(status=302, headers={"Location": "/b"})
    site.pages["/b"] = Page(status=301, headers={"Location": site.url("/c", "localhost")})
    site.pages["/c"] = Page(png("a fox"))
    assert rig.fetch(site.url("/a")) == digest_of(png("a fox"))
    assert [headers["host"] for _path, headers in site.asked][-1] == f"localhost:{site.port}"


def test_redirects_without_end_are_left(rig: Rig, site: Site) -> None:
    site.pages["/a"] = Page(status=302, headers={"Location": "/a"})
    with pytest.raises(StoreError, match="redirects more than 5 times"):
        rig.fetch(site.url("/a"))


FORBIDDEN = [
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://[fe80::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://224.0.0.1/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_addresses_that_hand_out_credentials_are_never_asked(rig: Rig, url: str) -> None:
    with pytest.raises(RefusedError, match="no reference may have"):
        rig.fetch(url)


@pytest.mark.parametrize("url", [*FORBIDDEN, "file:///etc/passwd", "gopher://host/"])
def test_a_redirect_to_a_forbidden_place_is_not_followed(rig: Rig, site: Site, url: str) -> None:
    site.pages["/a"] = Page(status=302, headers={"Location": url})
    with pytest.raises(RushesError):
        rig.fetch(site.url("/a"))
    assert [path for path, _headers in site.asked] == ["/a"]
    assert list(rig.store.digests()) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/fox.png", "data:image/png;base64,AAAA", "s3://b/k"])
def test_only_http_and_https_are_addresses(rig: Rig, url: str) -> None:
    assert "no http or https address" in rig.problem(url)


@pytest.mark.parametrize("url", ["http://", "http://[::1", "https://host:port/"])
def test_an_address_that_cannot_be_read_is_refused(rig: Rig, url: str) -> None:
    assert rig.problem(url)


def test_an_unknown_host_is_named(rig: Rig) -> None:
    with pytest.raises(StoreError, match=r"'nowhere\.invalid' of a reference is not known"):
        rig.fetch("http://nowhere.invalid/fox.png")


def test_a_server_that_is_not_there_is_named(rig: Rig) -> None:
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:1/fox\.png cannot be fetched"):
        rig.fetch("http://127.0.0.1:1/fox.png")


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, NotFound), (403, StoreError), (500, StoreError)])
def test_an_answer_that_is_no_picture_is_an_error(rig: Rig, site: Site, status: int, error: type[Exception]) -> None:
    site.pages["/fox"] = Page(b"sorry", status)
    with pytest.raises(error, match=str(status)):
        rig.fetch(site.url("/fox"))
    assert list(rig.store.digests()) == []


def test_a_page_of_text_is_no_reference(rig: Rig, site: Site) -> None:
    site.pages["/fox.png"] = Page(b"please log in first", headers={"Content-Type": "image/png"})
    assert "is text" in rig.problem(site.url("/fox.png"))


@pytest.mark.parametrize("said", [True, False])
def test_what_is_too_large_is_not_taken(rig: Rig, site: Site, said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the server says its size beforehand or not."""
    monkeypatch.setattr(fetch, "MOST_BYTES", 1_000_000)
    site.pages["/fox"] = Page(b"x" * 1_000_001, length=said)
    with pytest.raises(StoreError, match="larger than 1 MB"):
        rig.fetch(site.url("/fox"))
    assert list(rig.store.digests()) == []
    site.pages["/fox"] = Page(b"x" * 1_000_000, length=said)
    assert rig.fetch(site.url("/fox")) == digest_of(b"x" * 1_000_000)


def test_a_server_that_never_ends_is_left(rig: Rig, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "WHOLE_TIME", 0.3)
    site.pages["/fox"] = Page(b"half", headers={"Content-Length": "1000"}, length=False, stall=True)
    with pytest.raises(StoreError, match=r"was not fetched within 0\.3 s"):
        rig.fetch(site.url("/fox"))
    assert list(rig.store.digests()) == []


def test_a_body_that_breaks_off_is_not_kept(rig: Rig, site: Site) -> None:
    site.pages["/fox"] = Page(b"half", headers={"Content-Length": "1000"}, length=False)
    with pytest.raises(StoreError, match="cannot be fetched"):
        rig.fetch(site.url("/fox"))
    assert list(rig.store.digests()) == []


def test_a_password_in_an_address_is_not_shown(rig: Rig) -> None:
    with pytest.raises(StoreError) as caught:
        rig.fetch("http://ana:secret@127.0.0.1:1/fox.png?sig=abc")
    assert "secret" not in caught.value.message
    assert "abc" not in caught.value.message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name localhost, and for no address."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(made), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(made.read_bytes() + key.read_bytes())
    return both


def test_a_certificate_counts_for_the_name_that_was_asked(
    rig: Rig, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to a checked address, and the name is still the one that must be proven."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with website(certificate) as site:
        site.pages["/fox"] = Page(png("a fox"))
        assert rig.fetch(site.url("/fox", "localhost", "https")) == digest_of(png("a fox"))
        with pytest.raises(StoreError, match="cannot be fetched"):
            rig.fetch(site.url("/fox", "127.0.0.1", "https"))
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(StoreError, match="cannot be fetched"):
            rig.fetch(site.url("/fox", "localhost", "https"))


def test_https_does_not_redirect_to_http(rig: Rig, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with website(certificate) as site, website() as plain:
        site.pages["/fox"] = Page(status=302, headers={"Location": plain.url("/fox")})
        with pytest.raises(RefusedError, match="from https to http"):
            rig.fetch(site.url("/fox", "localhost", "https"))
        assert plain.asked == []
