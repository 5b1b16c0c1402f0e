"""The grounded answer: passages or facts in, one or two checked sentences with citations out.

Code decides what is true and what is shown; the generator only words it. Whenever it is off, late
or says more than its sources, the answer is the shop's own sentence.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from llm.amounts import amounts
from llm.checks import denies, unknown_amounts
from llm.concepts import foreign_concepts
from llm.draft import Draft, Rejected
from llm.errors import EngineUnavailable, GenerationTimeout, LLMError
from llm.lexis import sentences, terms
from llm.prompts import grounded_prompt
from llm.quotes import (
    Quote,
    Similarity,
    asked_units,
    best_quotes,
    is_attribute,
    is_row,
    paragraphs,
    standing_alone,
    support,
    tells,
    units,
)
from llm.tables import rows_for
from llm.types import Citation, Engine, GroundedAnswer
from retrieval.types import Language, Passage

logger = logging.getLogger(__name__)

OnDelta = Callable[[str], None]

_MAX_TOKENS = 64
# Characters of a passage that the generator reads; more makes it slower and less exact.
_READ = {"zh": 160, "en": 380}
_SECOND_QUOTE = 0.8
_QUOTE_LENGTH = {"zh": 90, "en": 220}
# Characters of a page that are told whole, as a section or as the paragraph in which the sentence
# stands that answers: the step, the deadline and the exception stand in neighbouring sentences. Of
# 120, 170 and 300 the least that holds nearly as many answers as the most (docs/finding.md).
_WHOLE = {"zh": 170, "en": 400}
# The same of what is done about a case that somebody has: what they get, until when, with which
# proof, which mostly are a section's paragraphs.
_AT_LENGTH = {"zh": 320, "en": 800}
# A case in time ("bought last month") needs a comparison, which is not the generator's to make.
_CASE = re.compile(
    r"昨天|前天|今天|明天|上周|上个?月|去年|刚才|刚刚|[天月年周]前"
    r"|\b(?:yesterday|today|tomorrow|ago|last (?:week|month|year)|next (?:week|month))\b",
    re.IGNORECASE,
)
# Sentences of a question or a passage that try to instruct the generator are not shown to it, nor
# quoted.
_INSTRUCTION = re.compile(
    r"忽略.{0,12}(?:指令|规则|提示|要求)|无视.{0,12}(?:指令|规则)|系统提示|扮演|你现在是|从现在起你"
    r"|(?:ignore|disregard|forget).{0,30}(?:instructions?|rules?|prompts?|above)|system prompt"
    r"|pretend (?:to be|you)|you are now|act as"
    r"|(?:从现在起|以后).{0,6}(?:每个|所有|你的)(?:回答|回复)|every (?:answer|reply) must",
    re.IGNORECASE,
)
_OTHER_LANGUAGE = {"zh": "我们的说明（英文）：{}", "en": "Our help page says (in Chinese): {}"}


class GroundedWriter:
    """Serves all threads. `engine` None means: always quote. `similarity` (a text against several)
    lets quotes be found where the words differ, as between two languages. Without `word_facts`,
    decided facts are told as they are, at once; with `whole_sections` a page's short section or
    paragraph is."""

    def __init__(
        self,
        engine: Engine | None,
        *,
        deadline_s: float = 8.0,
        similarity: Similarity | None = None,
        word_facts: bool = True,
        whole_sections: bool = True,
    ) -> None:
        self._engine = engine
        self._deadline_s = deadline_s
        self._word_facts = word_facts
        self._whole_sections = whole_sections
        self._similarity = similarity

    def ready(self) -> bool:
        """Whether a generator words the answers; without one they are quotes."""
        return self._engine is not None

    def prepare(self) -> None:
        """Compute ahead what all prompts share, so that the first customer need not wait."""
        if self._engine is not None:
            languages: tuple[Language, ...] = ("zh", "en")
            for language in languages:
                self._engine.prepare(grounded_prompt("?", ["…"], language))

    def quote(
        self, question: str, passage: Passage, language: Language, *, at_length: bool = False
    ) -> str:
        """The passage's own words for the question, one or two sentences; no generator runs.
        `at_length`: all of its section, where that is no longer than a case that somebody has
        needs."""
        question = _without_instructions(question)
        plain = replace(passage, text=_without_instructions(passage.text))
        if at_length and len(plain.text) <= _AT_LENGTH[passage.language]:
            return plain.text.strip()
        return self._quoted(question, [plain], language, None).citations[0].quote

    def answer(
        self,
        question: str,
        passages: Sequence[Passage],
        language: Language,
        *,
        facts: Sequence[str] = (),
        product_names: Iterable[str] = (),
        on_delta: OnDelta | None = None,
        deadline_s: float | None = None,
    ) -> GroundedAnswer:
        """Answer from the passages (best first), or word the `facts` when there are any.

        `facts` are true sentences in the customer's language about this customer's case, which the
        code has decided; passages beside them are only cited. `on_delta` gets the whole text so
        far each time that more of it has passed the checks, and the quote when one replaces it.
        `deadline_s`, from this call on, takes the place of the writer's own.
        Raises ValueError when there is neither a passage nor a fact.
        """
        if not passages and not facts:
            raise ValueError("There is nothing to answer from: pass a passage or a fact.")
        started = time.monotonic()
        deadline = started + (self._deadline_s if deadline_s is None else deadline_s)
        question = _without_instructions(question)
        chosen = [
            replace(passage, text=_without_instructions(passage.text))
            for passage in _choose(question, passages, language)
        ]
        sources = list(facts) or self._excerpts(question, chosen, language)
        publish = on_delta or (lambda _text: None)
        topic = " ".join(f"{each.title} {each.heading}" for each in chosen) if not facts else ""
        draft = Draft(
            question,
            sources,
            language,
            topic=topic,
            whole=() if facts else [each.text for each in chosen],
            product_names=product_names,
            max_sentences=max(2, len(facts)),
        )
        text, reason = self._written(
            question, chosen, sources, language, bool(facts), draft, publish, deadline
        )
        logger.debug("grounded answer in %.2f s: %s", time.monotonic() - started, reason or "model")
        if text is not None:
            marked, citations = self._cited(text, question, chosen, language)
            return GroundedAnswer(marked, citations, "model")
        if facts:
            text = ("" if language == "zh" else " ").join(facts)
            publish(text)
            marked, citations = self._cited(text, question, chosen, language)
            return GroundedAnswer(marked, citations, "quote", reason)
        answer = self._quoted(question, chosen, language, reason)
        publish(answer.text)
        return answer

    def _written(
        self,
        question: str,
        chosen: Sequence[Passage],
        sources: list[str],
        language: Language,
        decided: bool,
        draft: Draft,
        publish: OnDelta,
        deadline: float,
    ) -> tuple[str | None, str | None]:
        """The generator's checked words, or None and why not."""
        if self._engine is None:
            return None, "off"
        if decided and not self._word_facts:
            return None, "facts"
        if not decided:
            if told := self._told_as_it_stands(question, chosen):
                return None, told
            if rows_for(question, units(chosen[0])):
                return None, "a table is looked up"
            if missing := unknown_amounts(question, sources):
                return None, f"needs a comparison: {missing[0]}"
            if match := _CASE.search(question):
                return None, f"needs a comparison: {match.group()}"
            if lacking := foreign_concepts(question, "\n".join(sources)):
                return None, f"not in the passages: {lacking[0]}"
        pieces = self._engine.stream(
            grounded_prompt(question, sources, language),
            max_tokens=_MAX_TOKENS,
            deadline_s=max(0.0, deadline - time.monotonic()),
        )
        shown = ""
        try:
            for piece in pieces:
                if len(text := draft.feed(piece)) > len(shown):
                    shown = text
                    publish(shown)
                if draft.is_full():
                    break
            whole = draft.finish()
            if decided and (lost := _lost(whole, sources, question)):
                return None, f"left out: {lost}"
            publish(whole)
            return whole, None
        except Rejected as rejected:
            reason = str(rejected)
        except GenerationTimeout:
            reason = "late"
        except EngineUnavailable as error:
            logger.warning("The generator failed: %s", error)
            return None, "unavailable"
        except LLMError as error:
            return None, type(error).__name__
        finally:
            # Closing is what stops the engine; every engine's stream is a generator.
            getattr(pieces, "close", lambda: None)()
        # Whole sentences that passed before something went wrong are an answer by themselves,
        # unless the facts were to be told completely.
        accepted = "" if decided else draft.accepted()
        return (accepted, None) if accepted else (None, reason)

    def _excerpts(
        self, question: str, passages: Sequence[Passage], language: Language
    ) -> list[str]:
        """Of each passage its heading and the units nearest to the question, in their order."""
        excerpts = []
        for passage in passages:
            ranked = best_quotes(
                question, [passage], similarity=self._similarity, limit=len(passage.text)
            )
            kept: list[str] = []
            left = _READ[passage.language] // len(passages)
            for quote in ranked:
                if kept and len(quote.text) > left:
                    break
                kept.append(quote.text)
                left -= len(quote.text)
            inside = [unit for unit in units(passage) if unit in kept]
            heading = passage.heading or passage.title
            colon = "：" if passage.language == "zh" else ": "
            excerpts.append(
                heading + colon + ("" if passage.language == "zh" else " ").join(inside)
            )
        return excerpts

    def _quoted(
        self, question: str, passages: Sequence[Passage], language: Language, reason: str | None
    ) -> GroundedAnswer:
        if rows := rows_for(question, units(passages[0])):
            text = _joined(rows, passages[0].language)
            return self._as_quote(text, passages[0], language, reason)
        quotes = best_quotes(question, passages, similarity=self._similarity, limit=2)
        if not quotes:  # a passage without a sentence in it
            quotes = [Quote(passages[0], passages[0].text or passages[0].title, 0.0)]
        best = quotes[0]
        if self._whole_sections and (section := _whole(best)):
            return self._as_quote(section, best.passage, language, reason, headed=True)
        together = [
            quote
            for quote in quotes
            if quote.passage is best.passage and quote.score >= _SECOND_QUOTE * best.score
        ]
        together = [quote for quote in together if not _said_by_another(quote, together)]
        if sum(len(quote.text) for quote in together) > _QUOTE_LENGTH[best.passage.language]:
            together = [best]
        whole = units(best.passage)
        together.sort(key=lambda quote: whole.index(quote.text) if quote.text in whole else 0)
        text = _joined([quote.text for quote in together], best.passage.language)
        return self._as_quote(text, best.passage, language, reason)

    def _told_as_it_stands(self, question: str, passages: Sequence[Passage]) -> str | None:
        """Why the best quote needs no other words, None where it does: a short section or paragraph
        is told whole, and a product's attribute ("waterproof rating: 3,000 mm") loses its figure
        where it is worded as "it is waterproof"."""
        for quote in best_quotes(question, passages, similarity=self._similarity):
            if self._whole_sections and _whole(quote) is not None:
                return "short enough to be told whole"
            if is_attribute(quote):
                return "an attribute says it"
        return None

    @staticmethod
    def _as_quote(
        text: str,
        passage: Passage,
        language: Language,
        reason: str | None,
        *,
        headed: bool = False,
    ) -> GroundedAnswer:
        citation = _citation(1, passage, text)
        if (
            headed
            and "\n" in text
            and passage.heading
            and not passage.heading.endswith(("?", "？"))
        ):
            # Without it, "what is not covered" reads as what is.
            text = f"{passage.heading}{'：' if passage.language == 'zh' else ':'}\n{text}"
        text = standing_alone(text)
        if passage.language != language:
            text = _OTHER_LANGUAGE[language].format(text)
        return GroundedAnswer(_mark(text, 1, language), (citation,), "quote", reason)

    def _cited(
        self, text: str, question: str, passages: Sequence[Passage], language: Language
    ) -> tuple[str, tuple[Citation, ...]]:
        """The text with [n] behind each sentence (once, when all lean on one passage)."""
        if not passages:
            return text, ()
        parts = sentences(text)
        quotes = [self._nearest(part, question, passages) for part in parts]
        citations: list[Citation] = []
        numbers: list[int] = []
        for quote in quotes:
            known = [c.number for c in citations if c.url == quote.passage.url]
            if not known:
                known = [len(citations) + 1]
                citations.append(_citation(known[0], quote.passage, quote.text))
            numbers.append(known[0])
        if len(citations) == 1:
            return _mark(text, 1, language), tuple(citations)
        marked = [
            _mark(part, number, language) for part, number in zip(parts, numbers, strict=True)
        ]
        return _joined(marked, language), tuple(citations)

    def _nearest(self, part: str, question: str, passages: Sequence[Passage]) -> Quote:
        """The unit that a sentence of the answer leans on: the words of a passage's own title, a
        product's name say, tell its units not apart."""
        titles = set().union(*(terms(passage.title) for passage in passages))
        words = {term for term in terms(part) - titles if len(term) > 1}
        pool = [Quote(passage, unit, 0.0) for passage in passages for unit in units(passage)]
        if not pool:
            return Quote(passages[0], passages[0].text, 0.0)
        shared = [len(words & terms(quote.text)) / (len(words) or 1) for quote in pool]
        if max(shared) > 0:
            # Beside what it shares with the answer, that it is about the question, denies what the
            # answer denies, and holds its figures.
            told = _figures(part)
            asked = [
                support(question, quote.text)
                + (denies(quote.text) is denies(part))
                + _share(told, quote.text)
                for quote in pool
            ]
            merits = [one + other / 2 for one, other in zip(shared, asked, strict=True)]
            return pool[merits.index(max(merits))]
        return best_quotes(question, passages, similarity=self._similarity)[0]


def _lost(answer: str, facts: Sequence[str], question: str) -> str | None:
    """What an answer keeps back of the decided facts: a figure, or that something is not so."""
    told = _figures(f"{answer} {question}")
    for amount in amounts(" ".join(facts)):
        if (amount.unit, amount.value) not in told:
            return amount.text
    return "a denial" if denies(answer) is not any(denies(fact) for fact in facts) else None


def _figures(text: str) -> set[tuple[str, Decimal]]:
    """Units and values of its amounts."""
    return {(amount.unit, amount.value) for amount in amounts(text)}


def _share(figures: set[tuple[str, Decimal]], text: str) -> float:
    """How many of the figures a text holds, 0 to 1; a table's head may name their unit."""
    values = {amount.value for amount in amounts(text)}
    return sum(value in values for _, value in figures) / len(figures) if figures else 0.0


def _said_by_another(quote: Quote, quotes: Sequence[Quote]) -> bool:
    """Whether a quote has figures, and another one all of them: a table's row beside the sentence
    that says it. Of two with the same figures the first stays."""
    figures = _figures(quote.text)
    place = quotes.index(quote)
    return bool(figures) and any(
        figures < told or (figures == told and other < place)
        for other, told in enumerate(map(_figures, (each.text for each in quotes)))
        if other != place
    )


def _whole(quote: Quote) -> str | None:
    """What is told whole around a page's sentence: its section where that is short, else its
    paragraph or list; None where both are long, and of a table, whose row is told alone."""
    passage = quote.passage
    if passage.kind != "document" or any(map(is_row, quote.text.splitlines())):
        return None
    around = [passage.text, *paragraphs(passage)]
    return next(
        (
            text.strip()
            for text in around
            if quote.text in text
            and len(text) <= _WHOLE[passage.language]
            and not any(map(is_row, text.splitlines()))
            and not _says_twice(text)
        ),
        None,
    )


def _says_twice(text: str) -> bool:
    """Whether a line's figures stand in another, as a table's row beside the sentence on it."""
    told = [figures for line in text.splitlines() if (figures := _figures(line))]
    return any(one <= other for n, one in enumerate(told) for m, other in enumerate(told) if n != m)


def _without_instructions(text: str) -> str:
    if not _INSTRUCTION.search(text):
        return text
    lines = [
        " ".join(part for part in sentences(line) if not _INSTRUCTION.search(part))
        for line in text.splitlines()
    ]
    return "\n".join(line for line in lines if line) or text


def _choose(question: str, passages: Sequence[Passage], language: Language) -> list[Passage]:
    """The best passage, and the second when its words meet the question as well (small models
    read one passage better than two); a passage in the customer's language wins over its own
    translation, and a table that is read by the question's figure over all."""
    kept: list[Passage] = []
    for passage in sorted(passages[:4], key=lambda each: each.language != language):
        if all(passage.source != each.source or passage.language == each.language for each in kept):
            kept.append(passage)
    kept.sort(key=list(passages).index)
    for passage in kept:
        if rows_for(question, units(passage)):
            return [passage]
    if kept and not _tells(question, kept[0]):
        # "How long is it valid?": the part of the same page that tells a time.
        same = [each for each in kept[1:] if each.source == kept[0].source]
        if telling := [each for each in same if _tells(question, each)]:
            return telling[:1]
    if len(kept) < 2:
        return kept
    first, second = kept[:2]
    meets = [
        support(question, f"{each.title} {each.heading} {each.text}") for each in (first, second)
    ]
    return [first, second] if 0 < meets[0] <= meets[1] else [first]


def _tells(question: str, passage: Passage) -> bool:
    return not asked_units(question) or tells(question, passage.text)


def _citation(number: int, passage: Passage, quote: str) -> Citation:
    return Citation(number, passage.title, passage.source, quote, passage.url)


def _mark(text: str, number: int, language: Language) -> str:
    return f"{text}[{number}]" if language == "zh" else f"{text} [{number}]"


def _joined(parts: Sequence[str], language: Language) -> str:
    if any("\n" in part for part in parts):
        return "\n".join(parts)
    return ("" if language == "zh" else " ").join(parts)
