"""Every event survives its own JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.facts import event_of

from rushes.ledger.project import to_json
from rushes.model.event import EVENTS, Event, from_plain, to_plain


@pytest.mark.parametrize("cls", EVENTS.values(), ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_an_event_comes_back_equal_from_its_text(cls: type[Event], data: st.DataObject) -> None:
    event = data.draw(event_of(cls))
    text = to_json(to_plain(event))
    assert text.isascii()
    assert from_plain(cls.__name__, json.loads(text)) == event
