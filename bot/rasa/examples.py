"""The intents, a file each in intents/, and their sentences, filled with goods of every trade.

A file says what the intent is called, which action follows it, and what customers say, by
language; importer.py makes Rasa's domain, rules and training data of them (docs/skills.md).

`how heavy is the {product}` names no shop's product. A template with placeholders becomes
three sentences: one with the neutral words that stand for the shop's own names when a customer is
listened to (components/masking.py), the others with goods and names out of data/goods, so that
goods are understood too that this shop lacks or calls otherwise. Which ones is chosen by the
template's own text: the same sentences come out every time. Imports neither Rasa nor the shop.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ruamel.yaml

from bot.errors import ShopguideError
from bot.rasa.components.masking import NEUTRAL, SHAPES

PROJECT = Path(__file__).resolve().parent
INTENTS = PROJECT / "intents"
LANGUAGES = ("zh", "en")
EXAMPLES = "examples.yaml"  # a shop's own sentences, in its folder

# Sentences with goods besides the one with neutral words. Right on trades that no sentence was
# written for, in %: none 80 zh / 79 en, one 87 / 85, two 88 / 85, three 90 / 84, four 91 / 84, and
# at four the demo's own questions lose a point; fitting takes as long as there are sentences.
GOODS = 2

_EXAMPLE = re.compile(r"^- (.+?)\s*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) \{(\w+)\}")


class ExamplesError(ShopguideError):
    """A file of intents, or a shop's examples.yaml, cannot be used; the message says what to write
    instead."""


@dataclass(frozen=True)
class Intent:
    """What customers want, what is done about it, and how they say it, by language."""

    name: str
    action: str
    sentences: Mapping[str, tuple[str, ...]]  # templates, see `filled`

    @classmethod
    def read(cls, path: Path) -> Intent:
        """Raises `ExamplesError` for a file of another form."""
        content = _yaml(path)
        if not isinstance(content, dict) or set(content) != {"intent", "action", "sentences"}:
            raise ExamplesError(f"{path} must say `intent:`, `action:` and `sentences:`, no more.")
        said = content["sentences"]
        if not isinstance(said, dict) or sorted(said) != sorted(LANGUAGES):
            raise ExamplesError(
                f"{path} must have sentences by language: {', '.join(LANGUAGES)}, each a list."
            )
        if content["intent"] != path.stem:
            raise ExamplesError(f"{path} must be named after its intent, {content['intent']}.yml.")
        for language, sentences in said.items():
            if not sentences or not _are_sentences(sentences):
                raise ExamplesError(
                    f"{path}: {language} must be a list of sentences; put quotes round what YAML "
                    "takes for something else, `'{product}'` or `'42'`."
                )
        return cls(
            path.stem,
            str(content["action"]),
            {language: tuple(said[language]) for language in LANGUAGES},
        )


@dataclass(frozen=True)
class Example:
    """`text` is `template` with its placeholders filled."""

    text: str
    intent: str
    language: str
    template: str


@dataclass(frozen=True)
class Goods:
    """What fills placeholders: by placeholder, the words of a language; kinds by trade."""

    kinds: tuple[tuple[tuple[str, str], ...], ...]  # by trade: (singular, plural)
    words: Mapping[str, Sequence[str]]

    @classmethod
    @cache
    def read(cls, language: str) -> Goods:
        content = _yaml(PROJECT / "data" / "goods" / f"{language}.yaml")
        trades = tuple(
            tuple((word.partition("|")[0], word.partition("|")[2] or word) for word in words)
            for words in content["kinds"].values()
        )
        return cls(
            trades,
            {
                "product": content["names"],
                "brand": content["brands"],
                "tier": content["tiers"],
                "hobby": content["hobbies"],
                "place": content["places"],
                "currency": content["currencies"],
                "order_number": content["order_numbers"],
                "postcode": content["postcodes"],
                "phone": content["phones"],
                "email": [SHAPES["email"]],  # always found, so always masked
            },
        )


def intents(folder: Path = INTENTS) -> list[Intent]:
    """All that customers may want, by name."""
    return [Intent.read(path) for path in sorted(folder.glob("*.yml"))]


def actions() -> dict[str, str]:
    """By intent, the action that follows it, Rasa's own intent for what is not understood too."""
    rules = _yaml(PROJECT / "data" / "rules.yml")["rules"]
    shared = {rule["steps"][0]["intent"]: rule["steps"][1]["action"] for rule in rules}
    return {intent.name: intent.action for intent in intents()} | shared


def templates(path: Path) -> Iterator[tuple[str, str]]:
    """(intent, sentence) of a file in Rasa's form, as the measuring sets are."""
    for item in _yaml(path)["nlu"]:
        for match in _EXAMPLE.finditer(item["examples"]):
            yield item["intent"], match[1]


def training(shop: Path | None = None, *, goods: int = GOODS) -> list[Example]:
    """Every sentence that the model learns from; with those of the shop's folder, if it has any."""
    everyday = intents()
    found = [
        example
        for language in LANGUAGES
        for intent in everyday
        for template in intent.sentences[language]
        for example in filled(template, intent.name, language, goods=goods)
    ]
    return found + (own(shop / EXAMPLES) if shop and (shop / EXAMPLES).is_file() else [])


def own(path: Path) -> list[Example]:
    """A shop's own sentences, `{intent: [sentences]}`; they may use the placeholders as well.

    Raises `ExamplesError` for a file of another form; an unknown intent is told by Rasa's check.
    """
    content = _yaml(path) or {}  # a file of nothing but comments
    if not isinstance(content, dict) or not all(
        _are_sentences(sentences) for sentences in content.values()
    ):
        raise ExamplesError(
            f"{path} must hold lists of sentences by intent: `greet: [hello there]`."
        )
    return [
        example
        for intent, sentences in content.items()
        for sentence in sentences
        for example in filled(sentence, str(intent), _language(sentence))
    ]


def filled(template: str, intent: str, language: str, *, goods: int = GOODS) -> list[Example]:
    """The sentences that one template stands for."""
    names = set(_PLACEHOLDER.findall(template))
    chance = random.Random(zlib.crc32(template.encode()))  # noqa: S311 - reproducible, no secret
    masked = names & {*NEUTRAL[language], *SHAPES}
    texts = [_fill(template, language, chance, neutral=bool(masked))]
    if names:
        texts += [_fill(template, language, chance, neutral=False) for _ in range(goods)]
    return [Example(text, intent, language, template) for text in dict.fromkeys(texts)]


def _fill(template: str, language: str, chance: random.Random, *, neutral: bool) -> str:
    goods = Goods.read(language)
    chosen: list[str] = []
    trades = chance.sample(goods.kinds, len(goods.kinds))

    def word(name: str) -> str:
        if neutral and (said := SHAPES.get(name) or NEUTRAL[language].get(name)):
            return said
        if name in ("category", "categories"):
            singular, plural = chance.choice(trades[len(chosen) % len(trades)])
            chosen.append(singular)
            return plural if name == "categories" else singular
        return chance.choice([each for each in goods.words[name] if each not in chosen])

    def with_article(match: re.Match[str]) -> str:
        said = word(match[2])
        return f"{match[1]}{'n' if said[0].lower() in 'aeiou' else ''} {said}"

    return _PLACEHOLDER.sub(lambda match: word(match[1]), _ARTICLE.sub(with_article, template))


def _are_sentences(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _language(sentence: str) -> str:
    return "zh" if re.search("[\u3400-\u9fff]", sentence) else "en"


def _yaml(path: Path) -> Any:
    try:
        return ruamel.yaml.YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except ruamel.yaml.error.YAMLError as error:
        raise ExamplesError(
            f"{path} is no YAML: {error}\nA sentence that begins with {{, [, #, @ or a quotation "
            "mark, or holds a colon and a space, needs quotes."
        ) from error
