"""Whether an answer says only what its sources say.

Small models get figures, exceptions and yes-or-no wrong, so every claim is looked up: amounts
(llm.amounts), product names, proper names, words of llm.concepts, and whether a clause denies
what its source affirms. What cannot be found is returned as a list for people to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from llm.amounts import Amount, amounts
from llm.concepts import foreign_concepts
from llm.lexis import HAN, clauses, language_of, novel_words, terms

_NEGATION = re.compile(
    r"不(?!仅|但|只|止|过(?!期)|同|论|管|锈|断|妨|少|错)|没(?!收)|未(?!来)|无(?!线|论|缝)|勿|禁止|除外|拒绝|恕|概不"
    r"|\b(?:not|no|never|cannot|can['’]?t|without|neither|nor|none|unable|refuse[ds]?|except"
    r"|excluded|non)\b|n['’]t\b",
    re.IGNORECASE,
)
# "无需" and "不用" deny a duty, "not only" denies nothing; both forms of a rule use them freely.
_NO_DENIAL = re.compile(
    r"无需|无须|不必|不用|不需要|无条件|无理由|不满意|不合适|不合身|没用过|不想|不喜欢"
    r"|\bno (?:need|longer than|later than|more than|less than|fee|charge|cost|problem)\b"
    r"|\bnot only\b|\bnot? (?:have|need) to\b|\bwithout (?:charge|giving)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Za-z0-9]*(?:['’]s)?")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]{2,}")
_COMMON_CAPITALS = frozenset("I OK ID VAT PDF SMS FAQ CNY RMB SKU".split())


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
    known = amounts(sources)
    asked = amounts(question)
    return [
        claim.text
        for claim in claimed
        if not any(_same(claim, amount) for amount in known)
        and not any(_same(claim, amount) for amount in asked)
    ]


def _same(claim: Amount, known: Amount) -> bool:
    if claim.unit == known.unit:
        if claim.unit == "date" and claim.raw and known.raw and claim.raw != known.raw:
            return False
        return claim.value == known.value
    # A figure without a unit may be any of that size; one with a unit needs the same unit.
    return not (claim.unit and known.unit) and claim.raw == known.raw and claim.raw != 0


def unknown_amounts(question: str, sources: Sequence[str]) -> list[str]:
    """Figures of the question that stand nowhere in the sources: answering would take arithmetic
    or a comparison ("is 60 enough?"), which a small model cannot be trusted with."""
    known = amounts("\n".join(sources))
    return [
        claim.text for claim in amounts(question) if not any(_same(claim, each) for each in known)
    ]


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


def denies(text: str) -> bool:
    """Whether the text says that something is not so."""
    return _NEGATION.search(_NO_DENIAL.sub(" ", text)) is not None


def contradictions(answer: str, sources: Sequence[str]) -> list[str]:
    """Clauses of the answer that deny what their nearest source clause affirms, or the reverse.

    Compared are clauses that share words; across languages only the whole is compared.
    """
    language = language_of(answer)
    same = [text for text in sources if language_of(text) == language]
    if not same:
        return [] if denies(answer) in {denies(text) for text in sources} else [answer]
    pool = [(clause, terms(clause)) for text in same for clause in clauses(text)]
    wrong = []
    for clause in clauses(answer):
        wanted = terms(clause)
        if len(wanted) < 2:
            continue
        scored = [(len(wanted & has) / (len(wanted | has) ** 0.5), text) for text, has in pool]
        best = max((score for score, _ in scored), default=0.0)
        if best == 0.0:
            continue
        nearest = [text for score, text in scored if score >= 0.85 * best]
        if denies(clause) not in {denies(text) for text in nearest}:
            wrong.append(clause)
    return wrong


def strange_words(answer: str, sources: Sequence[str]) -> list[str]:
    """Words that no source has, when there are more of them than wording needs; only within one
    language."""
    joined = "\n".join(sources)
    if language_of(answer) != language_of(joined):
        return []
    novel = novel_words(answer, joined)
    length = len(HAN.findall(answer)) // 2 or len(answer.split())
    return novel if len(novel) > 1 + length // 8 else []
