"""Closed sets of words that change what a promise means: what is free, which card, which colour,
how to wash. An answer may use one only when the sources do, in either language.

A shop's own such words (its tiers, ways of delivery, regions, values of options) are learned at the
start."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Each line is one meaning: Chinese forms / English forms, as regular expressions.
_TABLE = """
免费|包邮|免.{0,6}运费|免邮|免收|不收.{0,4}费|免息 / free|no (?:charge|cost)|waived|not? pay
所有|全部|全场|一切|任何 / all|every|everything|always|any amount
质量问题|瑕疵|破损|有问题 / faulty|fault|defective|defects?|damaged
密封|拆封|拆开|未拆|封条 / seal(?:s|ed)?|unbroken|unopened|opened
全额|全部退 / full refund|in full|refunded fully
终身 / lifetime
半价 / half price
微信 / wechat
支付宝 / alipay
信用卡|银行卡|借记卡 / cards?|visa|mastercard
货到付款 / cash on delivery|pay on delivery
现金 / cash
分期|分 ?[\\d、 或和]+ ?期 / instal+ments?
paypal / paypal
机洗|洗衣机 / machine[- ]wash\\w*|washing machine
手洗 / hand[- ]wash\\w*|wash(?:ed)? by hand
干洗 / dry[- ]clean\\w*
烘干 / tumble\\w*|dryer
漂白 / bleach\\w*
熨|熨烫 / iron(?:ing|ed)?
柔顺剂 / softener
防水 / water-?proof
防泼水 / water[- ]repellent|water[- ]resistant
洗碗机 / dishwashers?
微波 / microwaves?
海外|国外|境外|国际 / abroad|overseas|international\\w*|worldwide
门店|实体店|到店 / in[- ]store|physical stores?|branch\\w*
红色|大红|酒红 / red
橙色|橘色 / orange
黄色 / yellow
绿色|墨绿 / green
蓝色|藏蓝 / blue|navy
紫色 / purple
黑色 / black
白色 / white
灰色|炭灰 / gr[ae]y|charcoal
棕色|咖啡色 / brown
粉色 / pink
卡其|米色 / khaki|beige
纯棉|棉质|棉布 / cotton
羊毛 / wool\\w*
尼龙 / nylon
涤纶|聚酯 / polyester
铝 / alumini?um
钛 / titanium
不锈钢 / stainless
皮革|真皮 / leather
碳纤维 / carbon
硅胶 / silicone
夏季|夏天 / summer\\w*
冬季|冬天 / winter\\w*
春季|春天 / spring
秋季|秋天 / autumn\\w*|fall
雨天|下雨|暴雨 / rain\\w*
雪|下雪 / snow\\w*
儿童|小孩|孩子 / child\\w*|kids?
男款|男士 / men(?:'s)?
女款|女士 / women(?:'s)?
现货|有货 / in stock
缺货|无货|售罄 / out of stock|sold out
"""


def _pattern(line: str) -> re.Pattern[str]:
    chinese, english = (part.strip() for part in line.split(" / "))
    return re.compile(rf"{chinese}|(?<![a-z])(?:{english})(?![a-z])", re.IGNORECASE)


_MEANINGS = [_pattern(line) for line in _TABLE.strip().splitlines()]
_OF_ALL_SHOPS = len(_MEANINGS)


def learn(meanings: Iterable[Iterable[str]]) -> None:
    """Take on a shop's own words, in place of any learned before: for each meaning what it is
    called in all languages ({"特快", "express"})."""
    del _MEANINGS[_OF_ALL_SHOPS:]
    for words in meanings:
        known = [word.strip() for word in words if len(word.strip()) > 1]
        if known:
            _MEANINGS.append(_own_pattern(known))


def _own_pattern(words: Iterable[str]) -> re.Pattern[str]:
    # Latin words are whole; Chinese ones stand without spaces.
    forms = (
        rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])" if word.isascii() else re.escape(word)
        for word in words
    )
    return re.compile("|".join(forms), re.IGNORECASE)


def concepts(text: str) -> set[int]:
    """Which meanings the text has, by their numbers."""
    return {place for place, pattern in enumerate(_MEANINGS) if pattern.search(text)}


def foreign_concepts(text: str, sources: str) -> list[str]:
    """Words of the text whose meaning the sources do not have."""
    return [
        match.group()
        for pattern in _MEANINGS
        if (match := pattern.search(text)) and not pattern.search(sources)
    ]


FREE = 0  # the place of "free of charge" in the table
