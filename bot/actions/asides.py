"""What goes before the act that was read: what may be said at any moment, since no act is about it,
and what only the goods spoken of before make plain, whose act is read wrongly as often as not."""

from __future__ import annotations

from bot.dialogue.turn import Turn


def answered(turn: Turn) -> bool:
    """Answer it; False, and nothing said, for every other utterance."""
    # They are skills' own, and skills come here.
    from bot.actions import (
        among,
        cart,
        decided,
        handoff,
        orders,
        payments,
        price,
        privacy,
        problem,
        returns,
        sets,
        sizes,
        smalltalk,
        stores,
        warranty,
    )

    asides = (
        handoff.own_number,
        smalltalk.nothing_put_right,
        privacy.answered,
        handoff.withdrawn,
        handoff.contact_left,
        cart.answered,
        returns.which_told,
        returns.cost_asked,
        orders.refund_awaited,
        payments.failed,
        problem.went_on,
        problem.told,
        stores.answered,
        warranty.answered,
        price.summed,
        sets.answered,
        among.answered,
        sizes.answered,
        decided.answered,
    )
    return any(aside(turn) for aside in asides)
