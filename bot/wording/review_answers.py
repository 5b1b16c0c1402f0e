"""Answers to reviews, for a person to accept or mend: thanks, what was blamed or praised in the
customer's own words, and how to reach the shop. Nothing is promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.wording.phrases import Phrases

_MOST = 2  # things that one answer names


def draft(
    phrases: Phrases,
    language: Literal["zh", "en"],
    *,
    pick: str,
    content: bool,
    blamed: Sequence[str] = (),
    praised: Sequence[str] = (),
) -> str:
    """`content`: whether the review is; `pick` chooses among wordings, as in `Phrases.say`."""

    def say(key: str, words: Sequence[str] = ()) -> str:
        named = list(dict.fromkeys(words))[:_MOST]
        joint = "、" if language == "zh" else " and the "
        return phrases.say(key, language, pick, aspects=joint.join(named))

    parts = [say("review_answer.thanks" if content else "review_answer.heard")]
    if blamed:
        parts.append(say("review_answer.sorry_for", blamed))
    elif not content:
        parts.append(say("review_answer.sorry"))
    if praised:
        parts.append(say("review_answer.glad_of", praised))
    if blamed or not content:
        parts.append(say("review_answer.write_to_us"))
    return ("" if language == "zh" else " ").join(parts)
