"""Grounded prompts as the shop sends them: real questions, with what retrieval found for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.settings import Settings
from llm.grounded import GroundedWriter
from llm.types import ChatTurn, Engine
from retrieval.embedder import TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.errors import RetrievalError
from retrieval.judge import load_judge
from retrieval.retriever import Retriever, holds_answer
from retrieval.types import Language
from tests.benchmarks._bench import Missing
from weights import WeightsError, locate

QUESTIONS = Path(__file__).with_name("answers.yaml")
PASSAGES = 4  # what the answering skill hands to the writer
MAX_TOKENS = 96  # the writer's own limit


@dataclass(frozen=True)
class Question:
    """`must`: each entry is a text, or several of which one suffices, that a right answer holds;
    `never`: texts that make it wrong; `sources`: the documents or products that say so.
    `kind` is "answer", "refuse" (nothing of the shop's answers it) or "inject"."""

    kind: str
    language: Language
    ask: str
    must: tuple[tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def read_questions(path: Path = QUESTIONS) -> list[Question]:
    content = yaml.safe_load(path.read_text("utf-8"))
    return [
        _question(kind, language, row)
        for kind in ("answer", "refuse", "inject")
        for language in ("zh", "en")
        for row in content[kind][language]
    ]


def _question(kind: str, language: Language, row: dict[str, Any]) -> Question:
    must = tuple((each,) if isinstance(each, str) else tuple(each) for each in row.get("must", ()))
    return Question(
        kind, language, row["ask"], must, tuple(row.get("never", ())), tuple(row.get("sources", ()))
    )


class Recorder(Engine):
    """Keeps the prompts that it is given and writes nothing."""

    name = "recorder"

    def __init__(self) -> None:
        self.prompts: list[list[ChatTurn]] = []

    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        self.prompts.append(turns)
        return iter(())


def open_index(settings: Settings) -> tuple[Retriever, TextEmbedder]:
    """The shop's index and its embedder. Raises `Missing`."""
    try:
        embedder = load_embedder(locate(settings.embedder))
        return Retriever.open(settings.index_folder, embedder, load_judge()), embedder
    except (RetrievalError, WeightsError) as error:
        raise Missing(str(error)) from error


def grounded_prompts(questions: Sequence[Question]) -> list[list[ChatTurn]]:
    """The prompts that these questions make; questions that code alone answers make none."""
    retriever, _ = open_index(Settings())
    recorder = Recorder()
    writer = GroundedWriter(recorder)
    for question in questions:
        hits = retriever.answering(question.ask, k=PASSAGES, language=question.language)
        if holds_answer(hits):
            writer.answer(question.ask, [hit.passage for hit in hits], question.language)
    return recorder.prompts


def alternating(questions: Sequence[Question], count: int) -> list[Question]:
    """The first `count` answerable questions, Chinese and English in turn."""
    zh = [each for each in questions if each.kind == "answer" and each.language == "zh"]
    en = [each for each in questions if each.kind == "answer" and each.language == "en"]
    return [each for pair in zip(zh, en, strict=False) for each in pair][:count]
