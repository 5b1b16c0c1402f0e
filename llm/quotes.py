"""The shop's own words for a question: the passage's best sentence, whole.

A list item or a table row is one line and is never cut; a line that leads into a list ("We
accept:") comes with its items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

from llm.amounts import amounts
from llm.lexis import sentences, terms
from retrieval.encode import headed
from retrieval.types import Passage

# Compares one text with several: a number for each, higher is nearer (cosines, say).
Similarity = Callable[[str, Sequence[str]], Sequence[float]]

_LIST_ITEM = re.compile(r"^\s*(?:[-*•·]|\d+[.)、](?!\d)|[（(]?[一二三四五六七八九十]+[）)、])\s*")
_STEP = re.compile(r"^\s*\d+[.)、](?!\d)", re.M)
# A section on how something is done, by its heading: one closed class a language.
_ON_DOING = re.compile(
    r"怎么(?!样|办|回事)|如何|步骤|流程|\bhow (?:to|do|can|you)\b|\busing\b|\bstep", re.I
)
_LEADS_IN = re.compile(r"[:：]\s*$")
# A table's row as it stands in a passage: "市区：每天 60 元；押金 500 元。"
_ROW = re.compile(r"[^：:。；;]{1,40}[：:][^：:。]+[；;][^：:。]+[。.]?")
# As a product's record is told: "Weight: 1.9 kg".
_ATTRIBUTE = re.compile(r"[^：:。；;]{1,24}[：:]")
_ITEMS_QUOTED = 6
_FIGURE_NAMED = 0.5
# What nearness weighs beside words and figures: of .6 to 6 the best for the first quote on the
# development trades of the training ground (docs/finding.md).
_NEARNESS = 1.5
# What a question asks for: the units of an amount that answers it.
_ASKS = [
    (
        re.compile(r"多少钱|运费|费用|价格|how much|\bcosts?\b|\bfees?\b|price", re.I),
        {"cny", "usd"},
    ),
    (
        re.compile(
            r"多久|几天|多少天|多长时间|什么时候|何时|哪天|how (?:long|soon|many days)|\bwhen\b",
            re.IGNORECASE,
        ),
        {"day", "working day", "month", "minute", "clock", "date", "weekday"},
    ),
    (
        re.compile(
            r"几点|开门|关门|营业|what time|opening hours|\b(?:shop|store)\b.*\bopen\b"
            r"|\bopen\b.*\b(?:shop|store)\b",
            re.IGNORECASE,
        ),
        {"clock"},
    ),
    (re.compile(r"多重|weigh|how heavy", re.I), {"g"}),
    (re.compile(r"多少度|几度|水温|温度|how (?:hot|cold|warm)|temperature", re.I), {"degree"}),
    (
        re.compile(
            r"多大(?!码)|多长(?!时间)|多宽|多高|how (?:big|long is|tall|wide)|dimensions", re.I
        ),
        {"mm", "ml"},
    ),
]
# The same for what is no amount: what shows that it is asked for, and that a text speaks of it.
_TOPICS = [
    (
        re.compile(
            r"能[用配装接]|可以[用配装接]|配[得不什哪]|兼容|适用|通用|compatible|\bfits?\b"
            r"|works? with|\buse (?:it )?with\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"^配|[，；]配|兼容|适用|适配|通用|只能|专用|compatible|\bfits?\b"
            r"|works? with|\btakes?\b",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(
            r"颜色|[红橙黄绿蓝紫黑白灰棕粉]色|colou?r|\b(?:red|blue|green|black|white|gr[ae]y)\b",
            re.IGNORECASE,
        ),
        re.compile(
            r"颜色|[红橙黄绿蓝紫黑白灰棕粉]色|[深浅][红橙黄绿蓝紫灰棕粉]|colou?r"
            r"|\b(?:red|blue|green|black|white|gr[ae]y)\b",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(
            r"[尺鞋大小选什么几]码|码[数子]|偏[大小]|\bsiz(?:e|es|ing)\b|run small", re.IGNORECASE
        ),
        re.compile(r"码|偏[大小]|\bsiz(?:e|es|ing)\b|\bruns?\b", re.IGNORECASE),
    ),
]


@dataclass(frozen=True, slots=True)
class Quote:
    """`text` stands word for word in the passage (a lone list item without its mark); `score`
    orders the quotes of one question."""

    passage: Passage
    text: str
    score: float


def units(passage: Passage) -> list[str]:
    """The passage cut into what may be quoted alone, in its order: sentences, and whole lines
    where the lines are list items or table rows."""
    found: list[str] = []
    for line in _lines(passage):
        item = _LIST_ITEM.match(line)
        if item:
            found.append(line[item.end() :])
        elif is_row(line) or _LEADS_IN.search(line):
            found.append(line)
        else:
            found += sentences(line)
    return found


def standing_alone(text: str) -> str:
    """A sentence's part, as it is told without what followed it."""
    return f"{text[:-1]}。" if text.endswith("；") else text


def is_attribute(quote: Quote) -> bool:
    """Whether this is a product's attribute: its name and its value."""
    return quote.passage.kind == "product" and _ATTRIBUTE.match(quote.text) is not None


def is_row(line: str) -> bool:
    """Whether a line is a table's row."""
    return "|" in line or _ROW.fullmatch(line.strip()) is not None


def tells_how(passage: Passage) -> bool:
    """Whether a page's section tells how something is done: in steps, or by its heading."""
    steps = len(_STEP.findall(passage.text)) > 1
    return passage.kind == "document" and (steps or bool(_ON_DOING.search(passage.heading)))


def _lines(passage: Passage) -> list[str]:
    return [line.strip() for line in passage.text.splitlines() if line.strip()]


def paragraphs(passage: Passage) -> list[str]:
    """Its paragraphs, each a line, and its lists, each with the line that leads into it."""
    found: list[list[str]] = []
    for line in _lines(passage):
        listed = _LIST_ITEM.match(line) is not None
        goes_on = found and (_LEADS_IN.search(found[-1][-1]) or _LIST_ITEM.match(found[-1][-1]))
        if listed and goes_on:
            found[-1].append(line)
        else:
            found.append([line])
    return ["\n".join(lines) for lines in found]


def _with_items(passage: Passage, unit: str) -> str:
    """A line that leads into a list, with its items; anything else as it is."""
    lines = _lines(passage)
    if not _LEADS_IN.search(unit) or unit not in lines:
        return unit
    after = lines[lines.index(unit) + 1 :][:_ITEMS_QUOTED]
    return "\n".join([unit, *after])


def best_quotes(
    question: str,
    passages: Sequence[Passage],
    *,
    similarity: Similarity | None = None,
    limit: int = 1,
) -> list[Quote]:
    """The units that answer the question best, best first.

    Shared words count by how rare they are among the passages; a unit with the kind of amount that
    is asked for, or the very figure that is named, gains; passages count less the later they come.
    `similarity` adds what words miss, such as a question in the other language.
    """
    pool = [(passage, unit) for passage in passages for unit in units(passage)]
    if not pool:
        return []
    wanted = terms(question)
    has = [terms(f"{unit} {passage.title} {passage.heading}") for passage, unit in pool]
    rarity = {term: log(1 + len(pool) / (1 + sum(term in each for each in has))) for term in wanted}
    whole = sum(rarity.values()) or 1.0
    near = (
        list(similarity(question, [headed(passage, unit) for passage, unit in pool]))
        if similarity
        else [0.0] * len(pool)
    )
    spread = (max(near) - min(near)) or 1.0
    asked = asked_units(question)
    named = {amount.raw for amount in amounts(question)}
    quotes = []
    for (passage, unit), words, nearness in zip(pool, has, near, strict=True):
        score = sum(rarity[term] for term in wanted & words) / whole
        score += _NEARNESS * (nearness - min(near)) / spread
        figures = amounts(unit) if asked or named else []
        kinds = {amount.unit for amount in figures}
        told = sum(bool(kinds & kinds_asked) for kinds_asked in asked)
        # An attribute is that of the product; a sentence may speak of another thing's weight.
        score += (0.5 if is_attribute(Quote(passage, unit, 0.0)) else 0.25) * told
        # A row of a help page's table is looked up by its figure; its unit may stand in the head.
        if passage.kind == "document" and named & {amount.raw for amount in figures}:
            score += _FIGURE_NAMED
        score += 0.25 * sum(topic.search(unit) is not None for topic in asked_topics(question))
        score -= 0.12 * next(place for place, each in enumerate(passages) if each is passage)
        quotes.append(Quote(passage, _with_items(passage, unit), score))
    quotes.sort(key=lambda quote: -quote.score)
    return quotes[:limit]


def asked_units(question: str) -> list[set[str]]:
    """For each kind of amount that the question asks for, the units that answer it."""
    return [kinds for pattern, kinds in _ASKS if pattern.search(question)]


def tells(question: str, text: str) -> bool:
    """Whether amounts are asked for, and the text holds each kind of them."""
    asked = asked_units(question)
    told = {amount.unit for amount in amounts(text)} if asked else set()
    return bool(asked) and all(told & kinds for kinds in asked)


def tells_by_attribute(question: str, passage: Passage) -> bool:
    """Whether amounts are asked for, and attributes of a product tell each kind of them."""
    own = [unit for unit in units(passage) if is_attribute(Quote(passage, unit, 0.0))]
    return tells(question, "\n".join(own))


def asked_topics(question: str) -> list[re.Pattern[str]]:
    """For each topic without amounts that the question asks about, what speaks of it."""
    return [speaks for asks, speaks in _TOPICS if asks.search(question)]


def support(question: str, text: str) -> float:
    """How much of what the question names the text has, 0 to 1."""
    wanted = terms(question)
    return len(wanted & terms(text)) / len(wanted) if wanted else 0.0
