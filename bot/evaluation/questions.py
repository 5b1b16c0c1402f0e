"""A file of questions to a shop, with what the answer to each must hold.

never:                # optional: patterns of which none stands in any answer
  - express delivery
questions:
  - say: ["how much is delivery"]     # a conversation; the last message's answer is judged
    must: ["\\\\$5\\\\.95"]
    cites: [delivery]
    kind: policy
  - say: ["do you repair zips"]
    answerable: false
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from bot import languages
from bot.errors import ShopguideError
from retrieval.text import detect_language
from retrieval.types import Language

_LISTS = ("say", "must", "never", "cites", "cards", "no_cards")
_TELL = ("must", "cites", "cards")


class QuestionsInvalid(ShopguideError):
    """The file of questions cannot be used; the text says which entry, and what to write."""


@dataclass(frozen=True)
class Question:
    """A short conversation and what its last answer must hold.

    `number` is its place in the file, from 1. `customer` is who is signed in, `must` and `never`
    are patterns (case ignored), `cites` pages or products of which one is cited, `cards` products
    of which one is shown, `no_cards` those that are not; `language` that of the answer, where it is
    not the messages'; `kind` a word to count by. Not `answerable`: nothing in the shop answers.
    """

    number: int
    say: list[str]
    customer: str | None = None
    must: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    cites: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    no_cards: list[str] = field(default_factory=list)
    language: Language | None = None
    kind: str | None = None
    answerable: bool = True

    def __str__(self) -> str:
        return " / ".join(self.say)[:60]

    @property
    def key(self) -> str:
        """Which question it is: the messages, and as whom they are written."""
        spoken = " / ".join(self.say)
        return f"{spoken} (as {self.customer})" if self.customer else spoken

    def answered_in(self, spoken: tuple[Language, ...]) -> Language:
        """The language that a shop of these languages answers in: that of the last message that
        tells one."""
        known = [each for each in map(detect_language, self.say) if each in languages.ALL]
        return languages.spoken(self.language or (known[-1] if known else None), spoken)


@dataclass(frozen=True)
class Questions:
    """All of a file; `never` holds for every answer."""

    entries: Sequence[Question]
    never: Sequence[str] = ()


def load(file: Path) -> Questions:
    """Raises `QuestionsInvalid`."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise QuestionsInvalid(f"{file} cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise QuestionsInvalid(f"{file} is no YAML: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("questions"), list):
        raise QuestionsInvalid(f"{file} needs the key questions, a list of them.")
    if more := set(found) - {"questions", "never"}:
        raise QuestionsInvalid(
            f"{file} has the key {min(map(str, more))}; known are questions and never."
        )
    never = found.get("never") or []
    wrong = [
        *_not_texts("never", never),
        *_no_patterns(never if isinstance(never, list) else ()),
    ]
    problems = [f"{file}: {each}" for each in wrong]
    entries = []
    for number, entry in enumerate(found["questions"], start=1):
        if isinstance(entry, dict) and isinstance(entry.get("say"), str):
            entry = {**entry, "say": [entry["say"]]}
        faults = list(_faults(entry))
        problems += [f"{file}, entry {number}: {each}" for each in faults]
        if not faults:
            entries.append(Question(number, **entry))
    if not found["questions"]:
        problems.append(f"{file} holds no question.")
    if problems:
        raise QuestionsInvalid("\n".join(problems))
    return Questions(entries, tuple(never))


def _faults(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "it is not made of keys; write at least say."
        return
    known = [each.name for each in fields(Question) if each.name != "number"]
    for key in entry:
        if key not in known:
            yield f"there is no key {key}; known are {', '.join(known)}."
    if not entry.get("say"):
        yield "say is missing: what the customer writes."
    for key in _LISTS:
        yield from _not_texts(key, entry.get(key, []))
    for key in ("must", "never"):
        if isinstance(entry.get(key), list):
            yield from _no_patterns(entry[key])
    for key in ("customer", "kind"):
        if not isinstance(entry.get(key, ""), str):
            yield f"{key} is a text; put it in quotes."
    if entry.get("language", "en") not in languages.ALL:
        yield f"language is one of {', '.join(languages.ALL)}."
    answerable = entry.get("answerable", True)
    if not isinstance(answerable, bool):
        yield "answerable is true or false."
    elif not answerable and any(entry.get(key) for key in _TELL):
        yield "what is not answerable has no must, cites or cards: there is nothing to tell."
    elif answerable and not any(entry.get(key) for key in (*_TELL, "never", "no_cards")):
        yield "nothing is asked of the answer; write must, cites or cards, or answerable: false."


def _not_texts(key: str, found: Any) -> Iterator[str]:
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        yield f"{key} is a list of texts; put figures in quotes."


def _no_patterns(texts: Sequence[Any]) -> Iterator[str]:
    for text in texts:
        try:
            re.compile(str(text))
        except re.error as error:
            yield f"{text!r} is no regular expression ({error})."
