"""What a message that speaks of goods given back wants: that they go back, that they are swapped,
how it is done, or the money for them. Grammar of Chinese and English; no goods stand here."""

from __future__ import annotations

import re

_SWAP = re.compile(
    r"换货|换[一个]?[大小]?一?[码号双件]|换个?颜色"
    r"|\bexchange\b|\bswap\b|\b(?:different|bigger|smaller|larger) size\b",
    re.I,
)
_RETURN = re.compile(
    r"退|\breturn|\brefund|\bmoney back\b|\b(?:send|give|take|bring) .{0,10}back\b", re.I
)
_STEPS = re.compile(r"怎么退|如何退|退货流程|\bhow (?:do|can|to|would)\b.*\breturn", re.I)
# Who, where, how: what is the same for all goods; and whether, which is not.
_DETAIL = re.compile(r"谁|哪|怎|什么|多少|\b(?:who|whose|where|how(?! long)|which|what)\b", re.I)
_WHETHER = re.compile(r"能|可以|行不|行吗|\b(?:can|could|may|possible|able)\b", re.I)
# Who pays for the way back, or how much it is.
_COST = re.compile(
    r"[运邮]费|快递费|手续费|收费|要钱|多少钱|谁(?:来)?[出付承担]|自己出|自费|免费"
    r"|\b(?:who(?:['’]s| is)? (?:pays?|paying|covers?)"
    r"|costs?|fees?|postage|charge[ds]?|free|how much"
    r"|(?:have|need) to pay|do i pay)\b",
    re.I,
)
_SENT_BACK = re.compile(
    r"换货|退货|退换|换[尺鞋大小]?码|寄回"
    r"|\bexchang|\bswap|\breturn(?:s|ed|ing)?\b|\bsend(?:ing)?\b.*\bback\b",
    re.I,
)
# One sentence that holds a wish, what shall happen, and nothing else but courtesies and
# "something".
_WISH = re.compile(
    r"(?:你好|您好|在吗|亲|那个?|就|我们?)*(?:想要?|要|需要|打算|准备|申请|办理?|帮我|麻烦|给我)*"
    r"把?(?:[一这那]?[个件]?(?:东西|商品))?(?:退|换)(?:掉|货|款|换|回去?|一下|一?[个件]|东西|商品)*"
    r"[吧了啊呀哈]*"
    r"|(?:(?:hi|hello|hey|please|so|ok|well) )*(?:i|we)?(?:['’]?(?:d|m|re|ve)\b)? ?"
    r"(?:(?:want|wanna|need|have|wish|would|like|love|am|are|going|gonna|trying|got|to) )*"
    r"(?:(?:make|get|do|start|arrange) )?(?:an? )?"
    r"(?:return|returning|exchange|swap|refund|(?:send|give)(?= (?:\w+ ){0,3}back\b))"
    r"(?: (?:an?|some|one|my|the|of|things?|stuff|items?|something|it|this|that|back|please))*",
    re.I,
)
_SENTENCE = re.compile(r"[^，。！、,.!;；~～]+")
_ASKS = re.compile(
    r"[?？]|[吗么嘛几哪啥谁]|多[久少]|怎|[不没](?:[，。\s]|$)|([可能会])[不没]"
    r"|(?:^|[.,!;]\s*)(?:can|could|do|does|is|are|may|will|would|should|how|what|when|where|who)\b",
    re.I,
)
# Goods as such, none that was talked of before: "can things be returned", 商品能退吗.
_ANY_GOODS = re.compile(
    r"(?<![这那个件款])(?:东西|商品|物品)|\b(?:any|some|every)thing\b"
    r"|(?<!these )(?<!those )\b(?:things|items|goods|stuff|products|orders|purchases)\b",
    re.I,
)
# What went back, and that nothing came for it, in either order; or a refund that has not come.
_WENT_BACK = (
    r"(?:退货|退款|退了|退掉|退回|退的|寄回|寄了回|\b(?:returned|"
    r"(?:sent|gave|given|shipped|posted|mailed)\b[^.!?]{0,30}?\bback|my return)\b)"
)
_NOTHING_CAME = (
    r"(?:[没未][^，。！？\s]{0,4}?[钱款账帐]|[钱款账][^，。！？\s]{0,5}?(?:[没未]|呢|去哪)|[没未不](?:到账|到帐|动静)"
    r"|\b(?:no|nothing|where|waiting|missing|without|still)\b[^.!?]{0,30}?\b(?:money|refund|cash)\b"
    r"|(?:\b(?:not|never|havent|hasnt|didnt)|n['’]t)\b[^.!?]{0,30}?\b(?:money|refund(?:ed)?|cash)\b"
    r"|\b(?:money|refund)\b[^.!?]{0,30}?(?:\b(?:not|never|nowhere|hasnt|missing)|n['’]t)\b)"
)
_AWAITS = re.compile(
    rf"{_WENT_BACK}.{{0,40}}?{_NOTHING_CAME}|{_NOTHING_CAME}.{{0,40}}?{_WENT_BACK}"
    r"|退[款的][^，。！？\s]{0,6}[没未][^，。！？\s]{0,2}[到收见]|[没未]有?[收见]到?[^，。！？\s]{0,3}退款"
    r"|钱[^，。！？\s]{0,5}没有?退|(?:还|一直|怎么)没有?(?:给我)?退(?:款|钱)"
    r"|\brefund\b[^.!?]{0,20}?(?:\b(?:not|never|hasnt)|n['’]t)[^.!?]{0,12}?"
    r"\b(?:come|came|here|arrived?|received?|show(?:n|ing)?|appear(?:ed|ing)?|through|yet)\b"
    r"|(?:\b(?:not|never|havent)|n['’]t)[^.!?]{0,12}?\b(?:received?|got|gotten|seen|had)\b"
    r"[^.!?]{0,15}?\brefund\b",
    re.I | re.S,
)


def swaps(text: str) -> bool:
    """Whether another size or colour of the same is spoken of."""
    return _SWAP.search(text) is not None


def returns(text: str) -> bool:
    """Whether goods or money going back is spoken of."""
    return _RETURN.search(text) is not None


def sends_back(text: str) -> bool:
    """Whether it is about a parcel on its way back, which is another one than that of an order."""
    return _SENT_BACK.search(text) is not None


def asks_cost(text: str) -> bool:
    """Whether it is asked what giving something back costs, or who pays for it."""
    return _COST.search(text) is not None


def asks_whether(text: str) -> bool:
    """Whether it is asked that something can go back."""
    return _WHETHER.search(text) is not None


def asks_steps(text: str) -> bool:
    """Whether how to send something back is asked."""
    return _STEPS.search(text) is not None


def asks_detail(text: str) -> bool:
    """Whether how something goes back is asked, or who pays, and not whether it does."""
    return asks_steps(text) or bool(_DETAIL.search(text) and not _WHETHER.search(text))


def only_wishes(text: str) -> bool:
    """Whether a text says that something shall go back, or be swapped, and asks nothing: 想退货,
    "I'd like to return something"."""
    said = [" ".join(sentence.split()) for sentence in _SENTENCE.findall(text)]
    said += [words for words in text.split() if not words.isascii()]  # 想退货 买大了
    return not asks(text) and any(_WISH.fullmatch(each) for each in said)


def asks(text: str) -> bool:
    """Whether a text that tells what shall go back is a question instead."""
    return _ASKS.search(text) is not None


def of_any_goods(text: str) -> bool:
    """Whether a text speaks of goods as such, and not of one that was talked of."""
    return _ANY_GOODS.search(text) is not None


def awaits_money(text: str) -> bool:
    """Whether goods went back and the money for them has not come: 退货十天了钱还没到."""
    return _AWAITS.search(text) is not None
