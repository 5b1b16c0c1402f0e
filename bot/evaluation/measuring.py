"""A file of questions asked of a shop's assistant, each once, and each answer judged."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import languages
from bot.evaluation.asking import Answer, last_answer
from bot.evaluation.figures import Judged
from bot.evaluation.judging import Verdict, judge
from bot.evaluation.questions import Question, Questions
from bot.evaluation.support import quotes_texts, unsupported
from bot.evaluation.throwaway import throwaway
from bot.settings import Settings
from data.masking import mask
from data.rules import ShopRules
from data.unit_of_work import open_database
from retrieval.index import PassageIndex
from retrieval.types import Language
from weights.progress import Progress, silent


@dataclass(frozen=True)
class Measured:
    """`generator` is what worded answers, "off" where it could not be loaded."""

    judged: Sequence[Judged]
    generator: str


@dataclass(frozen=True)
class _Shop:
    """What answers are judged by: the texts of each page and product, and products' names."""

    rules: ShopRules
    texts: Mapping[str, str]
    names: Sequence[str]


def measure(settings: Settings, asked: Questions, progress: Progress = silent) -> Measured:
    """Raises the errors of `throwaway` and `NotAsked`."""
    judged: list[Judged] = []
    with tempfile.TemporaryDirectory(prefix="shopguide-eval-") as folder:  # 0700
        progress("starting", 0, 1)
        with throwaway(settings, Path(folder)) as system:
            shop = _read(system.settings)
            progress("starting", 1, 1)
            for question in asked.entries:
                language = question.answered_in(shop.rules.shop.languages)
                answer = last_answer(system, question, language)
                verdict = judge(answer, question, asked.never, language)
                judged.append(_judged(question, language, verdict, answer, shop))
                progress("questions", len(judged), len(asked.entries))
            written = system.parts.get("generator", False)
    return Measured(judged, settings.generator if written else "off")


def _read(settings: Settings) -> _Shop:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    index = PassageIndex.open(settings.index_folder)
    for passage in index.passages:
        texts[passage.source] += [passage.title, passage.heading, passage.text]
    index.close()
    with open_database(settings.database)() as uow:
        called = [product.name for product in uow.products.catalogue()]
    names = sorted({name[language] for name in called for language in languages.ALL})
    joined = {source: "\n".join(parts) for source, parts in texts.items()}
    return _Shop(ShopRules.load(settings.shop), joined, names)


def _judged(
    question: Question, language: Language, verdict: Verdict, answer: Answer, shop: _Shop
) -> Judged:
    country = shop.rules.shop.country
    strange = None
    if quotes_texts(answer):
        strange = unsupported(answer, question, shop.texts, shop.names)
    text = None if _known(question, country) else mask(answer.text, country)
    return Judged(question, language, verdict, tuple(answer.sources), strange, text)


def _known(question: Question, country: str) -> bool:
    """Whether the assistant may have known who asks, and so told what is theirs alone."""
    return question.customer is not None or any(mask(t, country) != t for t in question.say)
