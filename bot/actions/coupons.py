"""A customer's own coupons, and the shop's offers to them in the chat. None is ever used for them.

Questions for coupons are of no act of their own: most are read as policy_question, some as about
prices or the membership. Those three ask here first; whoever is not known, or has none, is answered
as ever.
"""

from __future__ import annotations

from bot.dialogue.turn import Turn
from bot.understanding import coupons
from bot.wording.campaign_text import CampaignText
from data import consent
from data.campaigns.plan import Plan
from data.campaigns.tables import Arm, Coupon, Step
from data.capabilities import Capability
from data.models import Customer
from data.unit_of_work import UnitOfWork


def answered(turn: Turn) -> bool:
    """Tell a known customer which coupons they have, where they ask for it and have some; False,
    and nothing said, else."""
    return coupons.own(turn.text) and _told(turn)


def beside_haggling(turn: Turn) -> bool:
    """Who asks for another price and has a coupon is told of it; False else."""
    return _told(turn, turn.phrase("price.fixed"))


def _told(turn: Turn, first: str = "") -> bool:
    now = turn.services.clock()
    with turn.services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
        if customer is None:
            return False
        found = uow.campaigns.open_coupons(customer.id, now)
        if not found:
            return False
        _seen(uow, customer, turn)
        uow.commit()
    turn.say("\n".join(filter(None, [first, text_of(turn).coupons(found)])))
    return True


def offer(turn: Turn) -> None:
    """Tell a known customer once of an offer that a campaign of the chat has for them."""
    now = turn.services.clock()
    with turn.services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
        if customer is None or not customer.personalised:
            return
        if consent.word_on_campaigns(uow.session, customer.id) == "no":
            return
        open_now = {each.campaign_id: each for each in uow.campaigns.open_coupons(customer.id, now)}
        for member, campaign in uow.campaigns.of_customer(customer.id):
            plan = Plan.of(campaign.plan, campaign.name)
            coupon = open_now.get(campaign.id)
            if (
                plan.channel != "chat"
                or campaign.state != "running"
                or (member.arm, member.step) != (Arm.OFFERED.value, Step.SENT.value)
                or turn.language not in plan.message
                or (plan.coupon is not None and coupon is None)
                or not uow.campaigns.open(member, now)
            ):
                continue
            uow.commit()
            turn.say(_offer(turn, plan, customer, coupon, member.why))
            return


def _offer(
    turn: Turn,
    plan: Plan,
    customer: Customer,
    coupon: Coupon | None,
    why: list[dict[str, object]],
) -> str:
    no_more = turn.phrase("campaign.no_more_chat")
    text = plan.message[turn.language]
    return text_of(turn).message(text, customer.name, coupon, why, no_more)[1]


def _seen(uow: UnitOfWork, customer: Customer, turn: Turn) -> None:
    """What the customer was told of they have seen."""
    for member, campaign in uow.campaigns.of_customer(customer.id):
        if campaign.state == "running" and member.step == Step.SENT.value:
            uow.campaigns.open(member, turn.services.clock())


def text_of(turn: Turn) -> CampaignText:
    services = turn.services
    now = services.clock()
    return CampaignText(services.catalogue, services.rules, services.phrases, turn.language, now)
