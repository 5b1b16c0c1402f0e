"""An answer while it grows: what may be shown of it, and why it must be given up.

Text is released only behind the last finished word and number, and only after it has passed the
checks, so that nothing is shown that has to be taken back as false. Where the sources deny
something, or the answer does, whole clauses are judged before they are released.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from llm.amounts import amounts
from llm.checks import (
    contradictions,
    denies,
    detached,
    echoes,
    misjoined,
    not_the_extreme,
    strange_words,
    unsupported,
)
from llm.lexis import CLAUSE_END, HAN, language_of, sentences, terms
from llm.quotes import asked_topics, asked_units, support
from retrieval.types import Language


class Rejected(Exception):
    """The draft says what it must not; the message is the reason, for traces."""


_JUNK = re.compile(r"^(?:\s|[\"“「*#-]|(?:答案?|回答|Answer|A)\s*[:：])+", re.IGNORECASE)
_INNER_JUNK = re.compile(r"\s*\[\d+\]|\*\*|`|[”\"」]$")
_PREFACES = {
    "zh": re.compile(
        r"^(?:根据|按照|依据)[^，。]{0,20}(?:资料|文档|信息|规定|政策|内容|说明|描述)[^，。]{0,6}[，,：:]\s*"
    ),
    "en": re.compile(
        r"^(?:according to|based on|as per|per)[^,.]{0,60}"
        r"(?:facts|documents?|information|text|policy|passage|description)[^,.]{0,10}[,:]\s*",
        re.IGNORECASE,
    ),
}
_PREFACE_BEGINS = re.compile(r"^(?:根据|按照|依据|according|based|as per)[^，,。]{0,60}$", re.I)
_ANSWER_WORDS = {
    "zh": re.compile(
        r"^(?P<word>是的|是|不是的?|可以的?|不可以|能的?|不能|会的?|不会|对的?|不对|有的?|没有|行|不行|支持|不支持"
        r"|需要|不需要|当然可以)[，,。！!]\s*"
    ),
    "en": re.compile(
        r"^(?P<word>yes|no|yeah|sure|of course|certainly|absolutely)[,.!;:]\s+", re.IGNORECASE
    ),
}
_ANSWER_WORD_BEGINS = re.compile(r"^(?:[\u3400-\u9fff]{1,4}|[A-Za-z]+(?: [A-Za-z]*)?)[,.!;:，。]?$")
# An answer of which the customer would want the rest.
_BARE = re.compile(
    r"(?:是的?|不是|可以的?|不可以|能|不能|会|不会|有|没有|yes|no)[。.！!]*", re.IGNORECASE
)
# What makes a yes depend on a case that the generator cannot judge.
_CONDITION = re.compile(
    r"如果|若|只要|只有|除非|除外|以内|之前|未|须|需|仅|完好|满|达到"
    r"|\b(?:if|unless|when|only|except|until|provided|as long as|within|unopened|unused)\b",
    re.IGNORECASE,
)
# Talk about the task, refusals, and apologies: never what a shop would say here.
_META = re.compile(
    r"抱歉|对不起|很遗憾|作为一?[个名]?(?:AI|人工智能|语言模型|助手)|无法(?:回答|确定|提供|判断)|不知道|不清楚"
    r"|(?:没有|未|并未)(?:提到|提及|说明|给出|明确)|上述|提供的(?:信息|资料|文档)|[<>]"
    r"|\b(?:sorry|unfortunately|as an ai|language model|i (?:don['’]?t|do not|cannot|can['’]t|am)"
    r"|unable to (?:answer|determine|provide)|not (?:mentioned|specified|provided|stated)"
    r"|the (?:documents?|passage|facts?|text|context)|provided (?:text|information|facts?))\b",
    re.IGNORECASE,
)
# What a shop does not say, unless its own text does: the customer's "my", questions, the task.
_NOT_THE_SHOPS = re.compile(r"资料|文档|我(?!们)|你们|[?？]|\b(?:my|me|i)\b", re.IGNORECASE)
# Asked what the shop does ("do you sell …?"), a small model may say it of the customer.
_ASKS_THE_SHOP = re.compile(r"\b(?:do|can|could|are|will|would|does) you\b", re.IGNORECASE)
_THE_SHOPS_DOING = re.compile(
    r"\byou (?:have|sell|stock|carry|ship|deliver|offer|accept|charge|provide|make|repair)\b",
    re.IGNORECASE,
)
# A trailing piece that more text may still change: a word, and digits or Han numerals before it.
_UNFINISHED = re.compile(r"(?:[A-Za-z0-9'’%.,:¥$+–-]+|[\u3400-\u9fff]{1,2}|.)$", re.DOTALL)
_BEHIND_AMOUNT = {"zh": 5, "en": 14}


class Draft:
    """`sources` are what the answer may say; `question` is what it answers; `whole` is the text
    that the sources are excerpts of, by which the most and the least are judged."""

    def __init__(
        self,
        question: str,
        sources: Sequence[str],
        language: Language,
        *,
        topic: str = "",
        whole: Sequence[str] = (),
        product_names: Iterable[str] = (),
        max_sentences: int = 2,
    ) -> None:
        self._question = question
        self._sources = list(sources)
        self._language: Language = language
        self._topic = topic
        self._whole = list(whole) or self._sources
        self._names = tuple(product_names)
        self._max_sentences = max_sentences
        self._raw = ""
        self._shown = ""
        self._by_clause = any(denies(source) for source in self._sources)

    def feed(self, piece: str) -> str:
        """Take the next piece; returns what may be shown of the whole so far ("" at first).

        Raises `Rejected` at the first claim that does not hold.
        """
        self._raw += piece
        text = self._cleaned(finished=False)
        end = self._safe_end(text)
        candidate = text[:end].rstrip()
        if len(candidate) > len(self._shown):
            self._check(text, candidate)
            if not echoes(candidate, self._sources, self._question):
                self._shown = candidate
        return self._shown

    def is_full(self) -> bool:
        """Whether as many sentences stand as an answer may have, or one says again what another
        said: small models then go round in circles."""
        finished = self._ended_sentences()
        kept = _without_repeats(finished)
        return len(kept) >= self._max_sentences or len(kept) < len(finished)

    def accepted(self) -> str:
        """The whole sentences that passed so far; what an interrupted answer may still say."""
        done = self._finished_sentences()
        while done:
            text = self._join(done)
            try:
                self._check_whole(text)
            except Rejected:
                done.pop()
                continue
            return text
        return ""

    def finish(self) -> str:
        """The checked answer after the last piece; raises `Rejected`."""
        text = self._cleaned(finished=True)
        parts = _without_repeats(sentences(text))[: self._max_sentences]
        if not parts:
            raise Rejected("empty")
        text = self._join(parts)
        if text[-1] not in '。！？!?.；;”"）)':
            text += "。" if self._language == "zh" else "."
        self._check_whole(text)
        return text

    def _join(self, parts: list[str]) -> str:
        return ("" if self._language == "zh" else " ").join(parts)

    def _finished_sentences(self) -> list[str]:
        return _without_repeats(self._ended_sentences())

    def _ended_sentences(self) -> list[str]:
        text = self._cleaned(finished=False)
        parts = sentences(text)
        ends = text.rstrip().endswith(("。", "！", "？", "!", "?", "；")) or (
            text.endswith((". ", ".\n"))
        )
        return parts if ends else parts[:-1]

    def _cleaned(self, *, finished: bool) -> str:
        """The text without quotation marks, prefaces, citations and an answer word that the
        sources do not bear out. Empty while its beginning is still open."""
        text = _JUNK.sub("", self._raw)
        if not finished and _PREFACE_BEGINS.match(text):
            return ""
        text = _PREFACES[self._language].sub("", text)
        if not finished and _ANSWER_WORD_BEGINS.match(text):
            return ""
        match = _ANSWER_WORDS[self._language].match(text)
        if match and not self._borne_out(match["word"]):
            text = text[match.end() :]
        heading, colon, rest = text.partition("：" if self._language == "zh" else ": ")
        if colon and heading in self._topic:
            text = rest
        text = _INNER_JUNK.sub("", text).replace("\n", " " if self._language == "en" else "")
        return text[:1].upper() + text[1:]

    def _borne_out(self, word: str) -> bool:
        """Whether a leading yes or no agrees with a source that is about the question, and holds
        without a condition."""
        wanted = terms(self._question)
        pool = [part for source in self._sources for part in sentences(source)]
        if not wanted or not pool or denies(self._question):
            return False
        nearest = max(pool, key=lambda part: support(self._question, part))
        no = word.lower() == "no" or word[0] in "不没"
        if not no and _CONDITION.search(nearest):
            return False
        return support(self._question, nearest) >= 0.6 and denies(nearest) is no

    def _safe_end(self, text: str) -> int:
        """How far the text cannot change its meaning any more."""
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        for amount in amounts(text):
            open_unit = amount.end > end - _BEHIND_AMOUNT[self._language]
            if amount.start < end and open_unit and not CLAUSE_END.search(text, amount.end):
                end = amount.start
        # Never inside an amount: "26" says something else than "26 November".
        end = min([end, *(each.start for each in amounts(text) if each.start < end < each.end)])
        ends = [match.end() for match in CLAUSE_END.finditer(text)]
        last_clause = ends[-1] if ends else 0
        if self._by_clause or denies(text[last_clause:]):
            return min(end, last_clause)
        return end

    def _check(self, text: str, candidate: str) -> None:
        if (match := _META.search(text)) or (match := self._foreign_voice(text)):
            raise Rejected(f"meta: {match.group()}")
        self._check_language(candidate)
        self._check_claims(candidate)
        whole_clauses = candidate[: _last_end(candidate)]
        if whole_clauses:
            self._check_clauses(whole_clauses)

    def _check_whole(self, text: str) -> None:
        if (match := _META.search(text)) or (match := self._foreign_voice(text)):
            raise Rejected(f"meta: {match.group()}")
        self._check_language(text)
        self._check_claims(text)
        self._check_clauses(text)
        if echoes(text, self._sources, self._question):
            raise Rejected("nothing but the question")
        if _BARE.fullmatch(text):
            raise Rejected("nothing but yes or no")
        if self._beside_the_question(text):
            raise Rejected("beside the question")

    def _beside_the_question(self, text: str) -> bool:
        """Whether the text denies what was not asked, does not tell what is asked for ("how long?",
        "which colour?") where the sources do, or tells figures of other kinds only."""
        if denies(text) and not terms(text) & terms(self._question):
            return True  # a denial of something that nobody asked
        whole = "\n".join(self._sources)
        told = {amount.unit for amount in amounts(text)}
        known = {amount.unit for amount in amounts(whole)}
        return any(
            (wanted & known or told) and not wanted & told for wanted in asked_units(self._question)
        ) or any(
            topic.search(whole) and not topic.search(text) for topic in asked_topics(self._question)
        )

    def _check_clauses(self, text: str) -> None:
        if wrong := contradictions(text, self._sources, self._topic):
            raise Rejected(f"contradiction: {wrong[0]}")
        if wrong := misjoined(text, self._sources, self._topic):
            raise Rejected(f"misjoined: {wrong[0]}")
        if wrong := detached(text, self._sources, self._question, self._topic):
            raise Rejected(f"detached: {wrong[0]}")

    def _foreign_voice(self, text: str) -> re.Match[str] | None:
        patterns = [_NOT_THE_SHOPS]
        if _ASKS_THE_SHOP.search(self._question):
            patterns.append(_THE_SHOPS_DOING)
        theirs = {
            each.lower()
            for source in self._sources
            for pattern in patterns
            for each in pattern.findall(source)
        }
        found = (match for pattern in patterns for match in pattern.finditer(text))
        return next((match for match in found if match.group().lower() not in theirs), None)

    def _check_language(self, text: str) -> None:
        wrong = (
            language_of(text) != "zh" and len(text) > 8
            if self._language == "zh"
            else HAN.search(text) is not None
        )
        if wrong:
            raise Rejected("language")

    def _check_claims(self, text: str) -> None:
        missing = unsupported(
            text, self._sources, question=self._question, product_names=self._names
        )
        if missing:
            raise Rejected(f"unsupported: {missing[0]}")
        if wrong := not_the_extreme(text, self._whole, self._question):
            raise Rejected(f"not the extreme: {wrong[0]}")
        if strange := strange_words(text, self._sources, self._question):
            raise Rejected(f"strange words: {', '.join(strange[:4])}")


def _last_end(text: str) -> int:
    ends = [match.end() for match in CLAUSE_END.finditer(text)]
    return ends[-1] if ends else 0


def _without_repeats(parts: list[str]) -> list[str]:
    """Sentences up to the first that says again what one before it said."""
    kept: list[str] = []
    for part in parts:
        words = terms(part)
        if any(words and len(words & terms(before)) >= 0.8 * len(words) for before in kept):
            break
        kept.append(part)
    return kept
