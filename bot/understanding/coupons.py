"""Whether somebody asks for a coupon of their own: "do I have a coupon?", 我有优惠券吗.

No act of the reading says so; most such questions are read as one about the shop's ways, some as
about prices or the membership (bot/actions/coupons.py).
"""

from __future__ import annotations

import re

_COUPON = re.compile(
    r"优惠[券码]|折扣[券码]|代金券|红包|[张有我的]券"
    r"|\b(?:coupon|voucher|(?:promo|discount) ?code)s?\b",
    re.I,
)
# Of one's own, not how coupons work in general: that the shop's pages know.
_OWN = re.compile(
    r"有.{0,6}券|券.{0,3}吗|我.{0,6}(?:优惠|折扣|券)|(?:给|送|发|领).{0,4}券|(?:过期|到期)"
    r"|\b(?:have|got|any|my|for me|get|give)\b",
    re.I,
)
_IN_GENERAL = re.compile(
    r"叠加|一起用|怎么用|用不了|不能用|退|还回|\b(?:combine|stack|together|refund|return)"
    r"|\bhow (?:do|can) I use\b",
    re.I,
)


def own(text: str) -> bool:
    """Whether a text asks for the customer's own, not how coupons work in general."""
    return (
        _COUPON.search(text) is not None
        and _OWN.search(text) is not None
        and _IN_GENERAL.search(text) is None
    )
