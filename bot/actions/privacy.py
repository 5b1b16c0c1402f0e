"""What the customer may know of the chat itself: who reads it, how long it is kept, and what
becomes of the wish that it be deleted. Told by how the assistant is set up, so that it is true in
any shop; what the shop's pages say of personal data at large, they say."""

from __future__ import annotations

from bot.dialogue.turn import Turn
from bot.understanding import chat_itself
from bot.wording import formats


def answered(turn: Turn) -> bool:
    """Answer a question about the chat itself; False, and nothing said, for any other."""
    asked = chat_itself.asked(turn.text)
    if asked is None or turn.request.said("product"):
        return False
    services = turn.services
    with services.unit_of_work() as uow:
        session = uow.sessions.get(turn.session_id)
        passed_on = uow.tickets.open_of_session(turn.session_id) is not None
    lines = []
    if asked == "readers":
        lines.append(turn.phrase("chat_itself.readers", shop=turn.shop_name))
        if session is not None and session.channel:
            channel = turn.phrase(f"platform.{session.channel}")
            lines.append(turn.phrase("chat_itself.platform", channel=channel))
        if services.worded_elsewhere:
            lines.append(turn.phrase("chat_itself.worded_elsewhere"))
    elif asked == "erasure":
        lines.append(turn.phrase("chat_itself.erasure"))
    lines.append(turn.phrase("chat_itself.kept", days=services.keep_days))
    if passed_on:
        lines.append(turn.phrase("chat_itself.ticket", days=services.keep_ticket_days))
    if asked == "erasure":
        if turn.page is not None:  # they write in the widget
            lines.append(turn.phrase("chat_itself.start_over"))
        lines.append(turn.phrase("chat_itself.everything"))
    lines += _more(turn)
    turn.say(formats.together(lines, turn.language))
    return True


def _more(turn: Turn) -> list[str]:
    """Where the shop says more of it."""
    shop = turn.rules.shop
    if shop.pages.privacy:
        return [turn.phrase("chat_itself.page", url=shop.pages.privacy)]
    return [turn.phrase("chat_itself.write", email=shop.email)] if shop.email else []
