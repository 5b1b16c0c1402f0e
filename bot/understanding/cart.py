"""Whether somebody asks what is in their cart on the shop's pages.

No act of the reading is about the cart, which only the page knows, and an act takes sentences of
sixteen trades to learn; until it has them, the few words for a cart beside those for looking into
it tell. What is put into the cart or taken out is the page's own business.
"""

from __future__ import annotations

import re

_CART = r"(?:购物车|购物篮|购物袋|\b(?:shopping )?(?:cart|basket|trolley)\b|\bshopping bag\b)"
_LOOKED_INTO = re.compile(
    rf"{_CART}\s*(?:里面?|中|内)?\s*(?:都|现在|目前)?\s*(?:有|是|放|加)了?(?:哪些|什么|啥|几|多少)"
    rf"|(?:看看|看一下|查看|显示|打开)\s*(?:一下)?\s*(?:我的?)?{_CART}"
    rf"|{_CART}\s*(?:里面?|中|内)?[^。？！?!]{{0,8}}(?:多少钱|总价|总共|一共|合计|总额)"
    rf"|(?:多少钱|总价|总共|一共|合计|总额)[^。？！?!]{{0,8}}{_CART}"
    rf"|^\s*(?:我的)?{_CART}\s*[。？！?!]*$"
    rf"|\bwhat(?:['’]s| is| are| do i have| have i got| did i put)?\b[^.?!]{{0,24}}\b(?:in|into)"
    rf"\s+(?:my|the)\s+{_CART}"
    rf"|\b(?:show|see|check|list|view|open)\b[^.?!]{{0,16}}\bmy\s+{_CART}"
    rf"|\bhow much\b[^.?!]{{0,30}}\bmy\s+{_CART}"
    rf"|\b(?:total|sum)\b[^.?!]{{0,12}}\b(?:of|in|for)\s+my\s+{_CART}"
    rf"|\bmy\s+{_CART}(?:['’]s)?\s+(?:total|contents)"
    rf"|^\s*my\s+{_CART}\s*[.?!]*$",
    re.I,
)


def asked(text: str) -> bool:
    """Whether a text asks to see the cart, or what it costs."""
    return _LOOKED_INTO.search(text) is not None
