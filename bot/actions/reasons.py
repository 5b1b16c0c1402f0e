"""Why a product is recommended, told from the evidence that moved its score, never invented."""

from __future__ import annotations

from datetime import datetime

from bot import formats
from bot.actions.skill import Turn
from retrieval.recommend import Recommendation

_OFTEN = 5  # customers who bought both; fewer are not "often"


def reason(turn: Turn, found: Recommendation, bought_at: dict[str, datetime] | None = None) -> str:
    """`bought_at`: when this customer last bought what; with it the reason names the purchase."""
    catalogue = turn.services.catalogue
    because = catalogue.get(found.because) if found.because else None
    facts: dict[str, object] = {"count": found.count}
    if because is not None:
        facts["because"] = turn.name_of(because)
        if bought_at and because.id in bought_at:
            day = turn.services.rules.today(bought_at[because.id])
            facts["when"] = formats.month(day, turn.language, today=turn.today)
            few = found.kind == "co_purchase" and found.count < _OFTEN
            return turn.phrase(f"reason.{'history' if few else found.kind}_own", **facts)
        return turn.phrase(f"reason.{found.kind}", **facts)
    if found.kind == "new":
        launched = catalogue[found.product_id].launched_on
        facts["when"] = formats.month(launched, turn.language, today=turn.today)
    return turn.phrase(f"reason.{found.kind}", **facts)
