"""Something is not right with goods or a parcel: what the shop's pages say to it, and a person."""

from __future__ import annotations

from dataclasses import replace

from bot.actions.answer import Answer
from bot.actions.handoff import hand_over, hand_over_own_data
from bot.actions.skill import Skill
from bot.actions.warranty import of_faults
from bot.dialogue import references
from bot.dialogue.notes import Trouble
from bot.dialogue.turn import Turn
from bot.messages import CitationView
from bot.understanding import conditions, giving_back
from bot.wording import formats

_LATEST = 2  # messages kept beside the first: what is searched for is no longer than a question
_GOES_ON = 2  # turns in which a message that names nothing is about the same trouble
# What such a message may be understood as: it tells more, or asks what is due.
_MORE = frozenset({"problem", "complaint", "order_status", "nlu_fallback"})
_DUE = frozenset({"return_eligibility", "exchange", "stock_check"})
# What a fault is told beside: what is due, when the next one comes.
_BESIDE = frozenset(
    {"return_eligibility", "exchange", "order_status", "delivery_time", "nlu_fallback"}
)
_ABSENT = frozenset({"late", "missing"})


class Problem(Skill):
    action = "action_problem"

    def act(self, turn: Turn) -> None:
        if hand_over_own_data(turn):
            return
        words = turn.whole.words
        opening, proofs = _remedy(turn)
        absent = bool(turn.request.facts & _ABSENT)
        turn.note(trouble=Trouble((words,), (opening,) if opening else (), absent))
        hand_over(turn, "complaint", opening, proofs)


def told(turn: Turn) -> bool:
    """Serve a fault that somebody tells of, whatever they ask beside, as one: False, and nothing
    said, where money back or a swap is asked for, whose own rules tell of faults."""
    request = turn.request
    wants = giving_back.returns(turn.text) or giving_back.swaps(turn.text)
    if turn.intent not in _BESIDE or wants or conditions.supposed(request):
        return False
    if not conditions.faulty(request):
        return False
    damaged = {"arrived_damaged"} if conditions.came_damaged(request) else set()
    turn.turn_to(replace(request, act="problem", facts=request.facts | damaged))
    Problem(turn.services).act(turn)
    return True


def went_on(turn: Turn) -> bool:
    """Answer a message that goes on about the trouble told before, with what was not told yet;
    False, and nothing said, for any other."""
    trouble = turn.noted(lambda notes: notes.trouble, within=_GOES_ON)
    if trouble is None or turn.intent not in (_MORE | _DUE if trouble.absent else _MORE):
        return False
    products = turn.services.products
    named = references.named_products(turn) or products.of_kind(turn.text)
    if named or references.order_number(turn) or giving_back.sends_back(turn.text):
        return False
    if turn.intent == "order_status" and not turn.request.facts & _ABSENT:
        return False
    alone = turn.whole
    opening, proofs = "", list[CitationView]()
    for before in dict.fromkeys((" ".join(trouble.said), trouble.said[0], trouble.said[-1])):
        turn.whole = replace(alone, words=f"{before} {alone.words}")
        opening, proofs = _of_pages(turn)
        if opening and opening not in trouble.told:
            break
        opening, proofs = "", []
    turn.whole = alone
    if not opening and turn.intent in _DUE:
        return False
    said = (trouble.said[0], *[*trouble.said[1:], alone.words][-_LATEST:])
    told = (*trouble.told, opening) if opening else trouble.told
    turn.note(trouble=replace(trouble, said=said, told=told))
    if turn.intent in _DUE:
        turn.say(opening, citations=proofs, buttons=[turn.button("human")])
    else:
        hand_over(turn, "complaint", opening, proofs, goes_on=True)
    return True


def _remedy(turn: Turn) -> tuple[str, list[CitationView]]:
    """What the customer gets: what the rules say of a fault of their product, and what a page of
    the shop says to the case, in their words or in plain ones, where it does so surely. Of a
    product that no rule is about, the nearest page is told all the same."""
    if turn.request.facts & _ABSENT:  # what is not there is looked for first
        return ("", []) if of_faults(turn) else _of_pages(turn)
    pages, language = Answer(turn.services), turn.language
    lines, case = of_faults(turn), conditions.plainly(turn.request, language)
    if case is None:
        return ("", []) if lines else _of_pages(turn)
    # Where the warranty covers it, pages on the thing itself tell of repairs that cost money.
    own = None if lines else pages.of_pages(turn, surely=True, at_length=True)
    plain = pages.of_pages(turn, case, surely=True, at_length=True) if case and not own else None
    sure = own or plain
    if lines and sure and not conditions.came_damaged(turn.request):
        text, proofs = sure
        return formats.together([*lines, text], language), proofs
    return sure or (("", []) if lines else _of_pages(turn))


def _of_pages(turn: Turn) -> tuple[str, list[CitationView]]:
    return Answer(turn.services).of_pages(turn) or ("", [])
