"""What the search learns from and is measured by: questions, each with sentences and their grades.

Of the training ground the questions of customers with the sentences that answer them
(ground/evidence.py), and beside them the sentences that a search finds and that do not. Of public
data, where its folder is given, product questions in English (ePQA, hetPQA, semiPQA) and reading
questions in Chinese (CMRC 2018, DRCD).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import yaml

from data.database import create_engine, session_factory
from data.importer.run import import_folder
from data.importer.terms import Terms
from data.models import Base
from data.unit_of_work import UnitOfWork
from ground import evidence
from ground.readings import DEVELOPMENT, FOLDER, TEST, language_of, names, trades
from retrieval.embedder import TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.encode import headed, sentences_of
from retrieval.facts import product_passages
from retrieval.ingest import LANGUAGES, read_documents
from retrieval.text import sentences
from retrieval.types import Passage
from weights import locate

NOT, PARTLY, ANSWERS = range(3)
# Intents of CLINC150 that a shop may answer; all others are none of its business.
_A_SHOP_MAY = {
    *("order", "order_status", "cancel", "repeat", "yes", "no", "maybe", "greeting", "goodbye"),
    *("thank_you", "are_you_a_bot", "what_can_i_ask_you", "who_made_you", "change_language"),
    *("card_declined", "redeem_rewards", "rewards_balance", "food_last", "ingredients_list"),
    *("nutrition_info", "calories", "cook_time", "gas_type", "plug_type", "international_fees"),
    *("report_fraud", "expiration_date", "share_location", "insurance", "what_is_your_name"),
}
_HARD = 24  # sentences that the search brings, of which a question learns what does not answer


@dataclass(frozen=True)
class Graded:
    """A sentence under its headings, and its grade."""

    text: str
    grade: int


@dataclass(frozen=True)
class Group:
    """A question, after the name of what is talked of where it does not say it; the sentences of a
    shop are the nearest of the search, nearest first, and the graded ones."""

    question: str
    sentences: tuple[Graded, ...]
    language: str = "en"


# --- the training ground --------------------------------------------------------------------


def embedder(name: str) -> TextEmbedder:
    return load_embedder(locate(name))


def learning() -> list[str]:
    return [trade for trade in trades() if trade not in {*TEST, *DEVELOPMENT}]


def passages(trade: str) -> list[Passage]:
    """Of a trade its pages in the language they are in, and its products in both."""
    folder = FOLDER / trade
    shop = yaml.safe_load((folder / "shop.yaml").read_text("utf-8"))
    home = shop["languages"][0]
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    sessions = session_factory(engine)
    terms = Terms(shop["currency"], shop["country"], ZoneInfo("UTC"), tuple(shop["languages"]))
    import_folder(folder / "catalogue", UnitOfWork(sessions), terms=terms)
    with UnitOfWork(sessions) as uow:
        products = product_passages(uow.products.catalogue(), LANGUAGES)
    return read_documents(folder / "documents", [home]).passages + products


class Shop:
    """The sentences of a trade, and the grades of each for each question."""

    def __init__(self, trade: str) -> None:
        self.texts: list[str] = []
        self._vectors: np.ndarray | None = None
        # Of a product's sentence its language, "" of a page's, which has no twin.
        self.languages: list[str] = []
        places: dict[tuple[str, int], list[int]] = defaultdict(list)
        known: dict[tuple[str, str], tuple[str, int]] = {}
        for passage in passages(trade):
            for place, sentence in enumerate(sentences_of(passage)):
                places[passage.id, place].append(len(self.texts))
                known[passage.source, sentence] = (passage.id, place)
                self.texts.append(headed(passage, sentence))
                self.languages.append(passage.language if passage.kind == "product" else "")
        subjects = _Subjects(trade)
        self.asked = evidence.asked(trade)
        self.questions = [f"{subjects.of(each)} {each.question}".strip() for each in self.asked]
        self.grades: list[dict[int, int]] = []
        for asked in self.asked:
            graded: dict[int, int] = {}
            every = ((NOT, asked.near), (PARTLY, asked.partly), (ANSWERS, asked.answers))
            for grade, listed in every:
                for proof in listed:
                    if (proof.source, proof.says) not in known:
                        raise ValueError(
                            f"{trade}: {proof.says!r} is no sentence of {proof.source}; change "
                            "evidence.yaml where the page has changed."
                        )
                    # Said in both languages, it answers in both.
                    for number in places[known[proof.source, proof.says]]:
                        graded[number] = grade
            self.grades.append(graded)

    def shown(self, language: str) -> np.ndarray:
        """[sentences] which of them a customer of this language is answered with: a product's own
        in it, and all of the pages'."""
        return np.array([own in ("", language) for own in self.languages])

    def groups(self, embedder: TextEmbedder) -> list[Group]:
        """Each question with its evidence, and with what a search finds beside it."""
        return self._groups(embedder, self.questions, self.grades)

    def none(self, embedder: TextEmbedder, questions: Sequence[str]) -> list[Group]:
        """Questions that nothing of the shop answers, with what a search finds nevertheless."""
        return self._groups(embedder, questions, [{}] * len(questions))

    def _groups(
        self,
        embedder: TextEmbedder,
        questions: Sequence[str],
        grades: Sequence[Mapping[int, int]],
    ) -> list[Group]:
        if self._vectors is None:
            self._vectors = embedder.embed_passages(self.texts)
        queries = embedder.embed_queries(questions)
        found = []
        for question, graded, query in zip(questions, grades, queries, strict=True):
            language = language_of(question)
            shown = self.shown(language)
            nearest = [int(n) for n in np.argsort(-(self._vectors @ query)) if shown[n]][:_HARD]
            judged = dict.fromkeys([*nearest, *(n for n in graded if shown[n])])
            sentences_of_it = tuple(Graded(self.texts[n], graded.get(n, NOT)) for n in judged)
            found.append(Group(question, sentences_of_it, language))
        return found


class _Subjects:
    """What is talked of where a question does not name it: the one product named beside it."""

    def __init__(self, trade: str) -> None:
        self._names = {
            name.casefold(): product
            for product, each in names(trade)["products"].items()
            for name in each
        }

    def of(self, asked: evidence.Asked) -> str:
        if self._named(asked.question):
            return ""
        beside = self._named(asked.within) or self._named(asked.after)
        return next(iter(beside.values())) if len(beside) == 1 else ""

    def _named(self, text: str) -> dict[str, str]:
        """Products named in a text, with the longest name that stands there."""
        found: dict[str, str] = {}
        for name, product in self._names.items():
            if name in text.casefold() and len(name) > len(found.get(product, "")):
                found[product] = name
        return found


# --- public data ----------------------------------------------------------------------------


def apart(key: str) -> bool:
    """Whether a product or text is kept apart for measuring: three of ten, by its name's hash."""
    return sha256(key.encode()).digest()[0] < 0.3 * 256


def epqa(folder: Path) -> Iterator[tuple[str, Group]]:
    """Groups with the product they are about."""
    rows: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with (folder / "pqa" / "epqa_dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["ASIN"], row["qid"]].append(row)
    for (product, _), listed in rows.items():
        judged = tuple(Graded(_plain(r["candidate"]), int(r["label"])) for r in listed)
        yield product, Group(listed[0]["question"], judged)


def heterogeneous(folder: Path) -> Iterator[tuple[str, Group]]:
    """hetPQA's and semiPQA's, whose evidence are attributes too."""
    for name in ("hetpqa_ranking_dev.tsv", "semipqa_ranking_dev.tsv", "semipqa_ranking_seen.tsv"):
        rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        with (folder / "pqa" / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                rows[row["qid"]].append(row)
        for number, listed in rows.items():
            judged = tuple(
                Graded(
                    _plain(row["candidate"]),
                    ANSWERS if row["label"] == "1" else NOT,
                )
                for row in listed
            )
            yield f"{name}{number}", Group(listed[0]["question"], judged)


_MARKUP = re.compile(r"[{}\[\]\"]|\b(?:standardized_values|normalized_value|value|unit|type):")


def _plain(candidate: str) -> str:
    """An attribute as a shop shows it: `age_range: { value:"adult" }` is "age range: adult"."""
    if "{" not in candidate:
        return candidate
    return " ".join(_MARKUP.sub(" ", candidate).replace("_", " ").split())


def reading(folder: Path) -> Iterator[tuple[str, Group]]:
    """Questions on Chinese texts, with the sentences of their text; the one answers in which the
    answer stands."""
    for name in ("cmrc2018_dev.json", "drcd_dev.json"):
        listed = json.loads((folder / "zh_reading" / name).read_text("utf-8"))["data"]
        for paragraph in (each for entry in listed for each in entry["paragraphs"]):
            parts = sentences(paragraph["context"], "zh")[:40]
            for asked in paragraph["qas"]:
                answer = asked["answers"][0]["text"]
                judged = tuple(Graded(s, ANSWERS if answer in s else NOT) for s in parts)
                if any(each.grade for each in judged):
                    group = Group(asked["question"], judged, language="zh")
                    yield f"{name}{paragraph['context'][:40]}", group


def foreign(folder: Path) -> list[str]:
    """Questions that are none of a shop's business: in English CLINC150's, in Chinese those on
    texts that may be learned of."""
    found = [group.question for key, group in _there(reading, folder) if not apart(key)]
    path = folder / "clinc150" / "train_val.json"
    if path.is_file():
        parts = json.loads(path.read_text("utf-8"))
        rows = [row for part in parts.values() for row in part]
        found += [text for text, intent in rows if intent not in _A_SHOP_MAY]
    return found


def public(folder: Path) -> list[Group]:
    """What may be learned of it."""
    found = []
    for read in (epqa, heterogeneous, reading):
        found += [group for key, group in _there(read, folder) if not apart(key)]
    return found


def _there(
    read: Callable[[Path], Iterator[tuple[str, Group]]], folder: Path
) -> Iterator[tuple[str, Group]]:
    try:
        yield from read(folder)
    except FileNotFoundError as missing:
        print(f"{missing.filename} is not there and is not learned from.", file=sys.stderr)
