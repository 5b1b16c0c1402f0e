"""Whether an answer says only what its sources say.

Small models get figures, exceptions and yes-or-no wrong, and join the subject of one sentence to
the rule of another. So every claim is looked up: amounts (llm.amounts), product names, proper
names, words of llm.concepts; then whether what stands together in the answer stands together in a
source, and whether a clause denies what its source affirms. What does not hold is returned as a
list for people to read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from llm.amounts import Amount, amounts
from llm.concepts import FREE, concepts, foreign_concepts
from llm.lexis import HAN, clauses, language_of, novel_words, sentences, stem, terms, words

_NEGATION = re.compile(
    r"不(?!仅|但|只|止|过(?!期)|同|论|管|锈|断|妨|少|错)|没(?!收)|未(?!来)|无(?!线|论|缝)|勿|禁止|拒绝|恕|概不"
    r"|\b(?:not|no|never|cannot|can['’]?t|neither|nor|none|unable|refuse[ds]?)\b|n['’]t\b",
    re.IGNORECASE,
)
# "无需" and "不用" deny a duty, "not only" denies nothing; both forms of a rule use them freely.
_NO_DENIAL = re.compile(
    r"无需|无须|不必|不用|不需要|无条件|无理由|不满意|不合适|不合身|没用过|不想|不喜欢|不超过|不低于|不[收要计].{0,4}(?:费|利息|钱)"
    r"|\bno (?:need|longer than|later than|more than|less than|fee|charge|cost|problem|wrong)\b"
    r"|\bnot (?:only|more than|less than)\b|\bnot? (?:have|need) to\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*(?:['’]s)?")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]{2,}")
_COMMON_CAPITALS = frozenset("I OK ID VAT PDF SMS FAQ CNY RMB SKU".split())
# One end of a range may be told alone when it is told as an end.
_AS_AN_END = re.compile(
    r"(?:最[快慢多少早晚迟长短高低]|至少|不超过|以内|up to|at (?:most|least)|no (?:more|later) than"
    r"|from|as (?:little|much|few|many) as)\s*(?:要|需|约|about )?\s*$",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"满|达到|以上|起|不低于|\bfrom\b|or more|at least|over|above|reach|minimum", re.I
)

_MOST = re.compile(
    r"最[多大高长久晚重]|至多|at most|\b(?:most|maximum|biggest|largest|highest|longest|latest)\b",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"最[少小低短早轻]|至少|(?<!at )\bleast\b|\b(?:minimum|smallest|lowest|shortest|earliest)\b",
    re.IGNORECASE,
)


def unsupported(
    answer: str,
    sources: Sequence[str],
    *,
    question: str = "",
    product_names: Iterable[str] = (),
) -> list[str]:
    """The claims of the answer that the sources do not hold, as written; empty when all do.

    Amounts may also come from the question: a customer's own figures may be repeated.
    `product_names` are the names that may occur in the answer only when a source has them.
    """
    joined = "\n".join(sources)
    missing = _unsupported_amounts(answer, joined, question)
    folded, asked = joined.casefold(), question.casefold()
    for name in product_names:
        wanted = name.casefold()
        if wanted in answer.casefold() and wanted not in folded and wanted not in asked:
            missing.append(name)
    missing += foreign_concepts(answer, joined)
    missing += _unsupported_names(answer, folded + "\n" + asked)
    return missing


def _unsupported_amounts(answer: str, sources: str, question: str) -> list[str]:
    claimed = amounts(answer)
    if not claimed:
        return []
    known = [*amounts(sources), *amounts(question)]
    return [
        claim.text for claim in claimed if not any(_same(claim, amount, answer) for amount in known)
    ]


def _same(claim: Amount, known: Amount, text: str) -> bool:
    if claim.unit == known.unit:
        if claim.unit == "date" and claim.raw and known.raw and claim.raw != known.raw:
            return False
        if known.in_range and not claim.in_range and not _AS_AN_END.search(text[: claim.start]):
            return False
        return claim.value == known.value
    # A figure without a unit may be any of that size; one with a unit needs the same unit.
    return not (claim.unit and known.unit) and claim.raw == known.raw and claim.raw != 0


def unknown_amounts(question: str, sources: Sequence[str]) -> list[str]:
    """Figures of the question that stand nowhere in the sources: answering would take arithmetic
    or a comparison ("is 60 enough?"), which a small model cannot be trusted with."""
    known = amounts("\n".join(sources))
    return [
        claim.text
        for claim in amounts(question)
        if not any(_same(claim, each, question) for each in known)
    ]


def not_the_extreme(answer: str, sources: Sequence[str], question: str) -> list[str]:
    """Figures of the answer where the question asks for the most or the least and the sources have
    one of the same kind beyond them ("3, 6 or 12 instalments")."""
    most, least = _MOST.search(question), _LEAST.search(question)
    if bool(most) is bool(least):
        return []
    pick = max if most else min
    known = amounts("\n".join(sources))
    wrong = []
    for claim in amounts(answer):
        alike = [each.value for each in known if each.unit == claim.unit]
        if claim.value in alike and pick(alike) != claim.value:
            wrong.append(claim.text)
    return wrong


def _unsupported_names(answer: str, known: str) -> list[str]:
    """English words that look like names and occur in no source."""
    if language_of(answer) == "zh":
        found = (match.group() for match in _LATIN_WORD.finditer(answer))
        return [word for word in found if word.casefold() not in known]
    missing = []
    for match in _NAME.finditer(answer):
        word = re.sub(r"['’]s$", "", match.group())
        before = answer[: match.start()].rstrip()
        begins = not before or before[-1] in '.!?:"“'
        if begins or word in _COMMON_CAPITALS or len(word) < 2:
            continue
        if word.casefold() not in known:
            missing.append(word)
    return missing


def misjoined(answer: str, sources: Sequence[str], topic: str = "") -> list[str]:
    """Clauses and sentences of the answer that join what no source joins.

    A meaning of llm.concepts and an amount (or two meanings) of one clause must stand in one
    source clause, or the meaning in a clause before the amount's in the same sentence; an amount
    that a source calls free of charge, or a threshold, must be called so. A sentence must not hold
    words that only one source sentence has beside words that only another has; those of the
    `topic` (title, heading) belong to all of them.
    """
    split = [[_Items(clause) for clause in clauses(each)] for each in _all(sentences, sources)]
    wrong = [
        clause for clause in clauses(answer) if not _stands_together(_Items(clause), split, answer)
    ]
    if wrong or language_of(answer) != language_of("\n".join(sources)):
        return wrong
    shared = _roots(topic)
    pool = [_roots(each) - shared for each in _all(sentences, sources)]
    for sentence in sentences(answer):
        if len(clauses(sentence)) > 2:  # longer ones may well join two sentences
            continue
        owners = [
            [place for place, roots in enumerate(pool) if root in roots]
            for root in _roots(sentence) - shared
        ]
        if len({own[0] for own in owners if len(own) == 1}) > 1:
            wrong.append(sentence)
    return wrong


# How much of what a source says before a figure must be told, or asked about, with it.
_SUBJECT_KEPT = 0.3


def detached(answer: str, sources: Sequence[str], question: str = "", topic: str = "") -> list[str]:
    """Sentences that tell a figure without what it belongs to: "refunds take 1 day" where the
    source says it of one way of paying only."""
    if language_of(answer) != language_of("\n".join(sources)):
        return []
    pool = [(each, amounts(each)) for each in _all(sentences, sources)]
    wrong = []
    for sentence in sentences(answer):
        told = terms(f"{sentence} {question}")
        for claim in amounts(sentence):
            leads = [
                terms(source[: known.start]) - terms(topic)
                for source, figures in pool
                for known in figures
                if (known.unit, known.value, known.in_range)
                == (claim.unit, claim.value, claim.in_range)
            ]
            if leads and all(len(lead & told) < _SUBJECT_KEPT * len(lead) for lead in leads):
                wrong.append(sentence)
                break
    return wrong


def _roots(text: str) -> set[str]:
    return {word if HAN.match(word) else stem(word) for word in words(text)}


class _Items:
    """What of a clause must stay together."""

    def __init__(self, clause: str) -> None:
        self.text = clause
        self.concepts = concepts(clause)
        self.amounts = amounts(clause)


def _stands_together(claim: _Items, sources: list[list[_Items]], answer: str) -> bool:
    for amount in claim.amounts:
        if not amount.unit:  # a number in a name, as in "Ridgeline 2"
            continue
        holding = [
            (sentence, place)
            for sentence in sources
            for place, clause in enumerate(sentence)
            if any(_same(amount, known, claim.text) for known in clause.amounts)
        ]
        if holding and not any(
            _agrees(claim, sentence, place, answer) for sentence, place in holding
        ):
            return False
    if len(claim.concepts) > 1:
        return any(
            claim.concepts <= set().union(*(clause.concepts for clause in sentence))
            for sentence in sources
        )
    return True


def _agrees(claim: _Items, sentence: list[_Items], place: int, answer: str) -> bool:
    """Whether the source clause at `place`, which has an amount of the claim, says the same."""
    here = sentence[place]
    before: set[int] = set().union(*(clause.concepts for clause in sentence[: place + 1]))
    if not claim.concepts - {FREE} <= before:
        return False
    money = any(amount.unit == "cny" for amount in claim.amounts)
    if money and FREE in here.concepts and FREE not in concepts(answer):
        return False
    return not (money and _THRESHOLD.search(here.text) and not _THRESHOLD.search(answer))


def denies(text: str) -> bool:
    """Whether the text says that something is not so."""
    return _NEGATION.search(_NO_DENIAL.sub(" ", text)) is not None


def _denied(text: str) -> set[str]:
    """The terms behind the first negation: what is denied."""
    match = _NEGATION.search(_NO_DENIAL.sub(" ", text))
    return terms(_NO_DENIAL.sub(" ", text)[match.end() :]) if match else set()


def contradictions(answer: str, sources: Sequence[str], topic: str = "") -> list[str]:
    """Clauses of the answer that deny what its source affirms, or the reverse.

    A denial is compared with the source clauses that speak of what is denied; an affirmation with
    the nearest clauses, and with the denials of the same thing. Across languages only the whole is
    compared. Words of the `topic` (title, heading) tell nothing apart.
    """
    language = language_of(answer)
    same = [text for text in sources if language_of(text) == language]
    if not same:
        return [] if denies(answer) in {denies(text) for text in sources} else [answer]
    common = terms(topic)
    pool = [_Stance(clause, common) for clause in _all(clauses, same)]
    return [
        clause.text
        for clause in (_Stance(text, common) for text in clauses(answer))
        if clause.terms and not clause.holds(pool)
    ]


class _Stance:
    """A clause, its terms, and what it denies."""

    def __init__(self, text: str, common: set[str]) -> None:
        self.text = text
        self.all_terms = terms(text)
        self.terms = self.all_terms - common
        self.denies = denies(text)
        # A denial may be about the topic itself: "cannot be returned" under "Returns".
        self.denied = _denied(text) - common or _denied(text)

    def _nearness(self, other: _Stance) -> float:
        return len(self.terms & other.terms) / math.sqrt(len(self.terms | other.terms) or 1)

    def holds(self, sources: list[_Stance]) -> bool:
        """Whether the sources take the same stance."""
        near = sorted(sources, key=self._nearness, reverse=True)
        if self.denies:
            speaking = [source for source in near if source.all_terms & self.denied]
            return bool(speaking) and speaking[0].denies
        for source in sources:
            if source.denied and len(source.denied & self.all_terms) >= 0.6 * len(source.denied):
                speaking = [each for each in near if source.denied & each.all_terms]
                if speaking[0].denies:
                    return False
        best = self._nearness(near[0]) if near else 0.0
        nearest = [source for source in near if self._nearness(source) >= 0.85 * best]
        return best == 0.0 or not all(source.denies for source in nearest)


def strange_words(answer: str, sources: Sequence[str], question: str = "") -> list[str]:
    """Words that neither a source nor the question has, when there are more of them than wording
    needs; only within one language."""
    joined = "\n".join(sources)
    if language_of(answer) != language_of(joined):
        return []
    novel = novel_words(answer, f"{joined}\n{question}")
    length = len(HAN.findall(answer)) // 2 or len(answer.split())
    return novel if len(novel) > 1 + length // 8 else []


def echoes(answer: str, sources: Sequence[str], question: str) -> bool:
    """Whether the answer says something with the question's words alone: words that no source has,
    and beside them nothing that the sources add. A denial adds (its stance is checked apart)."""
    joined = "\n".join(sources)
    if language_of(answer) != language_of(joined) or not novel_words(answer, joined):
        return False
    adds = (terms(answer) & terms(joined)) - terms(question)
    return not adds and not amounts(answer) and not denies(answer)


def _all(split: Callable[[str], list[str]], texts: Sequence[str]) -> list[str]:
    return [part for text in texts for part in split(text)]
