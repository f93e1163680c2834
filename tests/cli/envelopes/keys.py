"""A key on stdin, and a machine that keeps no other."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backends import null

KEY = "0b1c7d1e-ident:5ecret5ecret5ecret"
_OTHERS = ("FAL_KEY", "RUSHES_KEY_FAL", "RUSHES_SIM")


@contextmanager
def given() -> Iterator[None]:
    """Stdin has a key, the keyring takes none, the environment has none."""
    before, stdin, environ = keyring.get_keyring(), sys.stdin, dict(os.environ)
    keyring.set_keyring(null.Keyring())
    sys.stdin = io.StringIO(KEY + "\n")
    for name in _OTHERS:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        keyring.set_keyring(before)
        sys.stdin = stdin
        os.environ.clear()
        os.environ.update(environ)
