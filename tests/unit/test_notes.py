"""The dialogue's memory, as it is kept in a tracker."""

from __future__ import annotations

import json

from bot.dialogue.criteria import Criteria
from bot.dialogue.notes import Notes, Pending, Worded
from data.access import Claim


def test_what_is_noted_comes_back_from_json() -> None:
    noted = Notes(
        shown=("a", "b"),
        reasons={"a": "why"},
        query=Criteria("lamps", most="500", without=("red",), seen=("c",)),
        expects="offer",
        declined=False,
        pending=Pending("order_status", "SP20417388"),
        given=Claim(email="ann@example.com"),
        passages=(("returns#2", "Returns", 0.871),),
        wording=Worded("model"),
        timings_ms={"action": 3},
    )
    assert Notes.read(json.loads(json.dumps(noted.plain()))) == noted


def test_only_what_was_noted_is_kept() -> None:
    assert Notes(product="a", declined=False).plain() == {"product": "a", "declined": False}


def test_what_another_version_noted_is_left_out() -> None:
    told = {"product": "a", "number": "SP20417388", "pending": {}, "expects": "show:a"}
    assert Notes.read(told) == Notes(product="a")
