"""What a conversation may do for a customer, and how well it must have proven who that is.

The one table of it: whatever shows or changes something of a customer names its capability
(`data.access.customer_of_session`), and the level is looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How well it is proven whose conversation it is, weakest first."""

    NONE = 0
    FACTS = 1  # e-mail or phone with a postcode or order number: others may know or guess them
    CODE = 2  # a one-time code, by e-mail or from the shop, that only the customer gets
    SIGNED_IN = 3  # the shop's own word, by a signed token


class Capability(StrEnum):
    OWN_TERMS = "own_terms"
    """Be greeted by name and answered by one's tier, list and purchases, as a shop assistant would
    who knows a face; keep what is said with the customer."""
    READ_ORDERS = "read_orders"
    STOP_USE_OF_HISTORY = "stop_use_of_history"
    START_USE_OF_HISTORY = "start_use_of_history"
    SEE_PROFILE = "see_profile"
    CORRECT_PROFILE = "correct_profile"
    ASK_FOR_DATA = "ask_for_data"
    """Ask for a copy or the deletion of all that is kept; a person checks who asks."""
    LINK_CHAT = "link_chat"
    """Make, see and end links to chats on messaging platforms, which outlive the conversation."""


# Facts do for what they were always asked for on the telephone. What gathers a whole person, or
# lasts longer than the conversation, takes more. To object, and to ask a person, takes no more than
# to order did.
NEEDED: Mapping[Capability, Level] = {
    Capability.OWN_TERMS: Level.FACTS,
    Capability.READ_ORDERS: Level.FACTS,
    Capability.STOP_USE_OF_HISTORY: Level.FACTS,
    Capability.START_USE_OF_HISTORY: Level.CODE,
    Capability.SEE_PROFILE: Level.CODE,
    Capability.CORRECT_PROFILE: Level.CODE,
    Capability.ASK_FOR_DATA: Level.FACTS,
    Capability.LINK_CHAT: Level.CODE,
}

# What `chat_sessions.identified_by` holds beside the ways of a claim, which are facts.
SIGN_IN, EMAIL_CODE, LINK = "sign_in", "email_code", "link"
_LEVELS: Mapping[str | None, Level] = {
    None: Level.NONE,
    SIGN_IN: Level.SIGNED_IN,
    EMAIL_CODE: Level.CODE,
    LINK: Level.CODE,
}


def level_of(identified_by: str | None) -> Level:
    """The level of a session that was bound to its customer so."""
    return _LEVELS.get(identified_by, Level.FACTS)
