"""Whom a campaign fits, and why: rules over profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.campaigns.plan import LIKE, NUMBERS, Audience, Rule
from data.campaigns.profiles import Profile

Alike = Callable[[str], Mapping[int, float]]
"""How much customers are like the buyers of a product, by their ids, of those that are alike; its
buyers themselves are none of them (retrieval/recommend/lookalikes.py)."""


@dataclass(frozen=True)
class Chosen:
    """A customer and what they were chosen for, each as {"field", "wanted", "was"}."""

    profile: Profile
    why: list[dict[str, Any]]


def choose(audience: Audience, profiles: Sequence[Profile], alike: Alike) -> list[Chosen]:
    """Those of the highest value first."""
    like = {rule.wanted: alike(rule.wanted) for rule in audience.rules if rule.field == LIKE}
    found = []
    for profile in profiles:
        if any(_meets(rule, profile, like) is not None for rule in audience.but):
            continue
        of_all = [_meets(rule, profile, like) for rule in audience.all]
        of_any = [_meets(rule, profile, like) for rule in audience.any]
        met = [why for why in of_any if why is not None]
        if None in of_all or (audience.any and not met):
            continue
        found.append(Chosen(profile, [why for why in [*of_all, *met] if why is not None]))
    found.sort(key=lambda each: (-each.profile.value, each.profile.customer_id))
    return found[: audience.most]


def _meets(
    rule: Rule, profile: Profile, like: Mapping[str, Mapping[int, float]]
) -> dict[str, Any] | None:
    """Why the customer meets the rule; None when they do not."""
    field, wanted = rule.field, rule.wanted
    if field in NUMBERS:
        was = getattr(profile, field)
        return {"field": field, "was": round(float(was), 2)} if wanted.holds(was) else None
    met: bool
    match field:
        case "bought":
            met = profile.bought.get(wanted, 0) > 0
        case "not_bought":
            met = not profile.bought.get(wanted, 0)
        case "interested_in":
            met = profile.interested_in(wanted)
        case "tier":
            met = profile.tier == wanted
        case _:
            met = profile.customer_id in like[wanted]
    return {"field": field, "was": wanted} if met else None
