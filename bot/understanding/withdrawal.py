"""Whether somebody needs no person any more whom they asked for: "cancel that, no person needed".

Of the reading's acts only a plain no comes near, and one says that to many things. It counts where
somebody waits for a person alone (bot/actions/handoff.py), so a few words do.
"""

from __future__ import annotations

import re

_PERSON = (
    r"(?:人工|客服|真人|专员|\b(?:a |an |the |any |your )?(?:person|human|agent|colleague|"
    r"representative|staff|operator|somebody|someone|one of you)\b)"
)
_WITHDRAWN = re.compile(
    rf"(?:不用|不需要|不必|不要|取消|撤销|撤回|算了)[^。！？!?]{{0,8}}{_PERSON}"
    rf"|{_PERSON}[^。！？!?]{{0,6}}(?:不用了|不需要了|不必了|不要了|取消|算了|撤销|撤回)"
    r"|(?:取消|撤销|撤回|关闭|关掉)[^。！？!?]{0,6}(?:工单|排队|转接)|(?:不排|别排|不等|不想等)[队了]"
    rf"|\b(?:no|not|don['’]?t|do not|without)\b[^.!?]{{0,24}}\b(?:need|want|require)\b"
    rf"[^.!?]{{0,20}}{_PERSON}"
    rf"|\b(?:no|not?)\s+(?:more\s+)?{_PERSON}[^.!?]{{0,12}}\b(?:needed|necessary|required)\b"
    rf"|\b(?:cancel|withdraw|close|drop|forget)\b[^.!?]{{0,16}}"
    rf"(?:\b(?:ticket|request|queue|hand-?over)\b|{_PERSON})"
    r"|\b(?:leave|get out of|take me (?:out of|off))\s+the\s+queue\b|\bstop waiting\b",
    re.I,
)


def wanted(text: str) -> bool:
    """Whether a text takes back that a person is wanted."""
    return _WITHDRAWN.search(text) is not None
