"""A payment that failed, or that brought no order: what the shop's pages say to it. Another order
of whoever paid is no answer."""

from __future__ import annotations

from bot.actions.answer import Answer
from bot.actions.problem import Problem
from bot.dialogue.turn import Turn
from bot.understanding import payments

# What it is taken for, where it is not understood as a question about payments.
_TAKEN_FOR = frozenset({"order_status", "order_history", "problem", "complaint", "nlu_fallback"})


def failed(turn: Turn) -> bool:
    """Tell what the pages say, and offer a person; False, and nothing said, for anything else."""
    if turn.intent not in _TAKEN_FOR or not payments.in_vain(turn.text):
        return False
    found = Answer(turn.services).of_pages(turn)
    if found is None:
        Problem(turn.services).act(turn)
        return True
    text, proofs = found
    turn.note(expects="human")
    turn.say(text, citations=proofs, buttons=[turn.button("human")])
    return True
