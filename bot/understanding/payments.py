"""Whether somebody tells that a payment failed, or that they paid and see no order. Grammar of
Chinese and English."""

from __future__ import annotations

import re

_PAID = (
    r"(?:付款|支付|付钱|付了|扣款|扣钱|扣了|钱"
    r"|\b(?:paid|pay|payment|charged?|debited|money|card)\b)"
)
_NO_ORDER = (
    r"(?:[没无]有?(?:生成|看到|显示|出现|找到)?(?:订单|单子)|(?:订单|单子)[^，。！？\s]{0,4}?"
    r"(?:没有?|未|不)(?:生成|显示|出现|见|看到|了|成功)|[看找]不到(?:订单|单子)"
    r"|\bno\s+(?:sign of\s+(?:an?|my)\s+)?(?:orders?|confirmation)\b"
    r"|\border\b[^.!?]{0,20}?(?:\bnot|\bnever|n['’]t|\bnowhere|\bmissing|\bunpaid)\b"
    r"|(?:\bnot|\bnever|n['’]t|\bcan(?:no|['’]?)t)\s+(?:see|find|show)[^.!?]{0,12}?\border\b)"
)
_FAILS = (
    r"(?:(?:付款|支付|扣款|付钱)[^，。！？\s]{0,5}?(?:失败|不成功|不了|报错|没成功|出错)|[付支]不了[款钱]"
    r"|\b(?:payment|card)\b[^.!?]{0,25}?\b(?:fail(?:s|ed|ing)?|declin(?:ed|es)|reject(?:s|ed)"
    r"|refused|not\s+go(?:ing)?\s+through|won['’]?t\s+go\s+through)\b"
    r"|\b(?:can(?:no|['’]?)t|unable to|won['’]?t let me)\s+pay\b)"
)
_IN_VAIN = re.compile(rf"{_PAID}.{{0,40}}?{_NO_ORDER}|{_NO_ORDER}.{{0,30}}?{_PAID}|{_FAILS}", re.I)


def in_vain(text: str) -> bool:
    """Whether a payment did not go through, or brought no order."""
    return _IN_VAIN.search(text) is not None
