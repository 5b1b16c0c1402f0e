"""Why a product is recommended, told from the evidence that moved its score, never invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.wording import formats
from bot.wording.voice import Voice
from data.models import Product
from retrieval.recommend import Recommendation

_OFTEN = 5  # customers who bought both; fewer are not "often"


def reason(
    voice: Voice,
    catalogue: Mapping[str, Product],
    found: Recommendation,
    bought_at: Mapping[str, datetime] | None = None,
) -> str:
    """`bought_at`: when this customer last bought what; with it the reason names the purchase."""
    because = catalogue.get(found.because) if found.because else None
    facts: dict[str, object] = {"count": found.count}
    if because is not None:
        facts["because"] = because.name[voice.language]
        if bought_at and because.id in bought_at:
            day = voice.rules.today(bought_at[because.id])
            facts["when"] = formats.month(day, voice.language, today=voice.today)
            few = found.kind == "co_purchase" and found.count < _OFTEN
            return voice.phrase(f"reason.{'history' if few else found.kind}_own", **facts)
        return voice.phrase(f"reason.{found.kind}", **facts)
    launched = catalogue[found.product_id].launched_on
    if found.kind == "new" and launched is not None:  # a product without a day is never new
        facts["when"] = formats.month(launched, voice.language, today=voice.today)
    return voice.phrase(f"reason.{found.kind}", **facts)
