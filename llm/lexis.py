"""Words, sentences and clauses of Chinese and English text, as the checks and quotes need them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from retrieval.text import goes_on

HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")

# A full stop ends a sentence only before space or the end, so that 1.85 and .com stay whole.
_SENTENCE_END = re.compile(r"[。！？!?；]+[”’」』）)\"']*|(?<![A-Z])\.(?=\s|$)[\"')]*|\n+")
# Commas and colons inside figures and times (3,000 and 16:00) end nothing.
CLAUSE_END = re.compile(r"[，；;：。！？!?]|[,:](?!\d)|\.(?=\s|$)|\n")

# Full-width digits, letters and signs that occur in numbers; one character for one.
_WIDTH: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)}
_WIDTH |= {ord("％"): "%", ord("．"): ".", ord("："): ":", ord("￥"): "¥", ord("～"): "~"}

_STOP_EN = frozenset(
    """a an the this that these those it its is are was were be been being am do does did done have
    has had having can could will would shall should may might must of to in on at by for from with
    within without into onto over under up out off about as than then so if when while where which
    who whom whose what how why and or but nor not no yes you your yours we our ours us they their
    them i my me he she his her there here all any each every some more most much many few such
    only own same also just too very please let get got make made take taken give given need needs
    want wants like per via during after before until once again both either because since through
    between against however therefore us use used using available provide provides provided item
    items product products customer customers order orders ordered ordering shop store offer offers
    offered able allowed possible time one two directly simply order's well come comes go goes
    additional still even already usually normally currently must upon being means apply applies
    include includes including included ensure back""".split()
)
_STOP_ZH = frozenset(
    """可以 能够 需要 您的 我们 你们 他们 它们 这个 那个 这些 那些 这款 该款 一个 一些
    如果 因为 所以 但是 而且 并且 或者 以及 还有 已经 就是 就会 将会 不会 不是 没有
    不能 无法 只有 只能 只要 必须 应该 应当 请问 怎么 什么 多少 多久 哪些 哪个 如何
    是否 进行 使用 提供 支持 享受 商品 产品 顾客 客户 用户 本店 店铺 其中 其他 之后
    之前 以内 以后 以上 以下 期间 时候 时间 情况 方式 相关 关于 通过 根据 按照 对于
    由于 此外 同时 一般 通常 直接 都会 也会 还会 会员 订单 购买 下单 包括 属于 具有
    非常 十分 比较 目前 现在 当前 当天 的话 不过 即可 均可 可在 可以在 内的 会在
    您可以 是的 后会 能否""".split()
)


def narrow(text: str) -> str:
    """Full-width digits, letters and signs of numbers as ASCII; the length stays."""
    return text.translate(_WIDTH)


def language_of(text: str) -> str:
    """ "zh" when Han characters make up a good part of the letters, else "en"."""
    han = len(HAN.findall(text))
    return "zh" if han and han * 2 >= len(_LATIN.findall(text)) else "en"


def sentences(text: str) -> list[str]:
    """Sentences with their punctuation; a line (list item, table row) never joins the next."""
    return _split((end for end in _SENTENCE_END.finditer(text) if not goes_on(text, end)), text)


def clauses(text: str) -> list[str]:
    """The parts between commas, colons and sentence ends."""
    return _split(CLAUSE_END.finditer(text), text)


def _split(ends: Iterable[re.Match[str]], text: str) -> list[str]:
    found, start = [], 0
    for match in ends:
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return [piece for piece in found if re.search(r"\w", piece)]


def stem(word: str) -> str:
    """A rough English stem, enough to match "returns", "returned" and "returning"."""
    word = word.lower().split("'")[0].split("’")[0]
    for ending in ("ing", "ies", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    # "shipped" gives "shipp", "supplies" gives "suppl", "supply" stays: level them.
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] in "yi" else word


@cache
def _jieba() -> Any:
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba


def words(text: str) -> Iterator[str]:
    """Words that carry meaning: lower-case English words, Chinese words of two characters up."""
    for match in _LATIN.finditer(text):
        word = match.group().lower()
        if word not in _STOP_EN and len(word) > 2:
            yield word
    for run in _HAN_RUN.findall(text):
        for word in _jieba().cut(run):
            if len(word) > 1 and word not in _STOP_ZH:
                yield word


def terms(text: str) -> set[str]:
    """What two texts are compared by: English stems and pairs of Han characters."""
    found = {stem(word) for word in _LATIN.findall(text) if word.lower() not in _STOP_EN}
    for run in _HAN_RUN.findall(_PARTICLES.sub(" ", text)):
        found |= {run[place : place + 2] for place in range(max(len(run) - 1, 1))}
    return found


_PARTICLES = re.compile(
    r"请问|可不可以|能不能|是不是|有没有|多长时间|多少钱|怎么样|为什么|你们|我们|可以|什么|怎么|多少|多久|哪些|哪个"
    r"|哪里|如何|是否|[的了吗呢啊吧么我你您是在有就都也还要会能把被给请]"
)


def novel_words(text: str, sources: str) -> list[str]:
    """Words of the text that the sources do not have in any form."""
    stems = {stem(word) for word in _LATIN.findall(sources)}
    return [
        word
        for word in words(text)
        if (word not in sources if HAN.match(word) else stem(word) not in stems)
    ]
