"""How a text speaks of a kind of goods that it names: as wanted, as what something is for, any of
it, or which of it. Grammar of Chinese and English; no goods stand here."""

from __future__ import annotations

import re

from retrieval.lexicon import Mention
from retrieval.text import HAN

# "a …", "a light …", before the name of a kind; and words for what was talked of before.
_ANY = re.compile(r"\b(?:an?|any)\s+(?:[\w-]+\s+){0,2}$", re.I)
_WHICH_BEFORE = re.compile(
    r"(?:什么|哪[种款]|啥)(?:样的)?\s*$|\b(?:which|what)\s+(?:[\w-]+\s+){0,2}$", re.I
)
_WHICH_AFTER = re.compile(
    r"\s*(?:比较)?(?:好|合适|适合|$|[？?。！!吗呢啊])"
    r"|\s*(?:should|shall|do|would|is best|to|for)\b",
    re.I,
)
_PRONOUN = re.compile(r"\b(?:it|its|this|that|these|those|they|them|one|ones)\b", re.I)
_FOR = re.compile(
    # "looking for a tent" asks for the tent.
    r"(?<!looking )(?<!look )(?<!search )(?<!searching )(?<!shopping )(?<!hunting )"
    r"\b(?:for|with|under|inside|in|on|into)\s+(?:(?:my|the|a|an|our|his|her)\s+)?$"
)
_TO_TREAT = re.compile(
    r"(?:\b(?:wash|clean|repair|mend|proof|waterproof)(?:ing)?\s+(?:(?:my|the|a|an|our)\s+)?"
    r"(?:\w+\s+)?|[洗修补]|清洗|保养|修补|清洁)$"
)
_USED_WITH = re.compile(rf"^(?:用的|用什么|里用|里面用|配什么|清洗|怎么洗|保养|[{HAN}]{{0,2}}专用)")


def is_purpose(text: str, named: Mention) -> bool:
    """Whether this is what the wanted thing is for: "insoles for my boots", "洗羽绒服的"."""
    before, after = text[: named.start].lower(), text[named.end :]
    return bool(_FOR.search(before) or _TO_TREAT.search(before) or _USED_WITH.search(after))


def means_any(text: str, named: Mention) -> bool:
    """Whether an article tells that any of the kind is meant."""
    return bool(_ANY.search(text[: named.start]))


def asks_which(text: str, named: Mention) -> bool:
    """Whether it is asked which one of the kind to take."""
    return bool(_WHICH_BEFORE.search(text[: named.start]) and _WHICH_AFTER.match(text[named.end :]))


def points_back(text: str) -> bool:
    """Whether a pronoun stands for something that was talked of before."""
    return bool(_PRONOUN.search(text))
