"""The shop's own answers go before what its pages say; and what was asked and not found is kept."""

from __future__ import annotations

from bot.dialogue.notes import Worded
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.runtime.metrics import ANSWERS


def answered(turn: Turn, services: Services) -> bool:
    """Say the answer that the shop has written to this question; False when it has none."""
    found = services.curated.find(turn.text, turn.language) if services.curated else None
    if found is None:
        return False
    ANSWERS.labels(origin="curated", reason="").inc()
    turn.note(wording=Worded("curated", str(found.number)))
    turn.say(found.answer)
    return True


def note_unanswered(turn: Turn, services: Services) -> None:
    """Keep that nothing was found for this question, masked, for `shopguide sources`."""
    with services.unit_of_work() as uow:
        if uow.sessions.get(turn.session_id) is None:
            return  # a conversation without a row, as tools have
        country = services.rules.shop.country
        uow.unanswered.note(turn.session_id, turn.language, turn.text, services.clock(), country)
        uow.commit()
