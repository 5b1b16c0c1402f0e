"""The actions of the Rasa domain, one module a skill."""

from __future__ import annotations

from bot.actions.answer import Answer
from bot.actions.compare import Compare
from bot.actions.delivery import Delivery
from bot.actions.handoff import Handoff
from bot.actions.membership import Membership
from bot.actions.orders import Identify, OrderHistory, OrderStatusSkill
from bot.actions.price import Price
from bot.actions.profile import CorrectProfile, NotInterested, ShowProfile, UseOfHistory
from bot.actions.recommend import Recommend, Why
from bot.actions.returns import Returns
from bot.actions.search import Search
from bot.actions.skill import Skill
from bot.actions.smalltalk import Affirm, Deny, Fallback, Help, TakeFeedback
from bot.actions.stock import Stock
from bot.actions.wishes import WishList

SKILLS: tuple[type[Skill], ...] = (
    Affirm,
    Answer,
    Compare,
    CorrectProfile,
    Delivery,
    Deny,
    Fallback,
    Handoff,
    Help,
    Identify,
    Membership,
    NotInterested,
    OrderHistory,
    OrderStatusSkill,
    Price,
    Recommend,
    Returns,
    Search,
    ShowProfile,
    Stock,
    TakeFeedback,
    UseOfHistory,
    Why,
    WishList,
)
