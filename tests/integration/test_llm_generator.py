"""Generators for real, one an engine: their tokens, streams, and what becomes of their answers.

Skipped where the weights are not on the machine (`python -m weights ensure NAME`).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from llm.engines import load_engine
from llm.engines.chat_format import ChatFormat
from llm.errors import EngineUnavailable, GenerationTimeout, PromptTooLong
from llm.grounded import GroundedWriter
from llm.prompts import grounded_prompt
from llm.types import ChatTurn, Engine
from retrieval.types import Language, Passage
from weights import WeightsMissing, locate

NAMES = ("qwen2.5-1.5b", "qwen2.5-0.5b")  # OpenVINO, CTranslate2
ASKED = yaml.safe_load((Path(__file__).parent / "llm_questions.yaml").read_text(encoding="utf-8"))
COUNT = [ChatTurn("user", "Count from 1 to 100, separated by commas.")]
PRODUCTS = ["Ridgeline 2 Tent", "岭线双人三季帐", "Tarn Trail Shoe", "溪石越野跑鞋"]


@pytest.fixture(scope="module", params=NAMES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    try:
        locate(request.param)
    except WeightsMissing as missing:
        pytest.skip(str(missing))
    loaded = load_engine(request.param)
    assert loaded is not None
    yield loaded
    loaded.close()


def said(engine: Engine, text: str, max_tokens: int = 24) -> str:
    return "".join(engine.stream([ChatTurn("user", text)], max_tokens=max_tokens))


def test_the_tokenizer_gives_back_every_text(engine: Engine) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(locate(engine.name) / "tokenizer.json"))
    texts = [
        "退货运费 10 元，３０ 天内",
        "It's 1,299.00 yuan — OK?\n\n  Yes",
        "🏕️👩‍🚀 é ﬁ ñ",
        "안녕 Привет",
    ]
    for text in texts:
        encoded = tokenizer.encode(text, add_special_tokens=False)
        assert tokenizer.decode(encoded.ids) == text
    assert tokenizer.encode("<|im_end|>").ids == [151645]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_prompts_share_fills_whole_blocks(engine: Engine, language: Language) -> None:
    prompts = [
        ChatFormat(locate(engine.name)).render(grounded_prompt(text, [text], language))
        for text in ("A", "一")
    ]
    first, second = ([*beginning, *tokens] for beginning, tokens in prompts)
    shared = next(
        place for place, pair in enumerate(zip(first, second, strict=False)) if len(set(pair)) > 1
    )
    assert shared % 32 < 4


def test_streams_hold_whole_characters(engine: Engine) -> None:
    pieces = list(engine.stream([ChatTurn("user", "用中文和三个表情符号问好")], max_tokens=30))
    assert len(pieces) > 1
    assert "\ufffd" not in "".join(pieces)


def test_the_last_token_counts(engine: Engine) -> None:
    assert len(said(engine, "Name three fruits.", 1)) > 0


def test_greedy_answers_repeat_and_threads_share_the_engine(engine: Engine) -> None:
    questions = ["Name three fruits.", "Name four fruits.", "说出三种水果。", "1+1=?"]
    alone = [said(engine, question) for question in questions]
    together: dict[str, str] = {}

    def ask(question: str) -> None:
        together[question] = said(engine, question)

    threads = [threading.Thread(target=ask, args=(question,)) for question in questions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(together.values())
    # Batched int8 sums may differ in their last digits, so only the beginnings must agree.
    assert [together[question][:4] for question in questions] == [text[:4] for text in alone]


def test_a_closed_stream_frees_the_engine(engine: Engine) -> None:
    stream = engine.stream(COUNT, max_tokens=400)
    assert next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    assert said(engine, "Say hi.", max_tokens=3)


def test_deadline_and_length_have_their_errors(engine: Engine) -> None:
    with pytest.raises(GenerationTimeout):
        list(engine.stream(COUNT, max_tokens=400, deadline_s=0.3))
    with pytest.raises(PromptTooLong, match="fewer or shorter"):
        list(engine.stream([ChatTurn("user", "word " * 5000)]))


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_engine_says_so(name: str) -> None:
    try:
        closed = load_engine(name)
    except EngineUnavailable as missing:
        pytest.skip(str(missing))
    assert closed is not None
    closed.close()
    closed.close()
    with pytest.raises(EngineUnavailable, match="closed"):
        said(closed, "Hi")


@pytest.mark.parametrize("engine", NAMES[1:], indirect=True)  # whose conversion is ours
def test_the_same_weights_in_transformers_say_the_same(engine: Engine) -> None:
    from llm.engines.transformers import TransformersEngine
    from weights.plain import load_transformers

    try:
        tokenizer, model = load_transformers(engine.name)
    except WeightsMissing as missing:
        pytest.skip(str(missing))
    plain = TransformersEngine.from_parts(tokenizer, model, name="plain")
    # Int8 and float32 part ways sooner or later; the first words must be the same.
    for question in ("Name three fruits 🍎.", "你好，用一句话介绍杭州西湖。", "退货运费谁承担？"):
        turns = [
            ChatTurn("system", "You are a helpful shop assistant."),
            ChatTurn("user", question),
        ]
        assert "".join(plain.stream(turns, max_tokens=3)) == "".join(
            engine.stream(turns, max_tokens=3)
        )
    with pytest.raises(GenerationTimeout):
        list(plain.stream(COUNT, max_tokens=400, deadline_s=0.3))


@pytest.fixture(scope="module")
def answers(engine: Engine) -> list[tuple[dict[str, Any], str, list[str]]]:
    """Each question, its answer, and everything that was shown while it was written."""
    passages = {
        name: Passage(
            id=f"{name}#0",
            source=each["source"],
            kind="document",
            language=each["language"],
            title=each["title"],
            heading=each["heading"],
            text=each["text"],
            url=f"/help/{each['language']}/{each['source']}",
        )
        for name, each in ASKED["passages"].items()
    }
    writer = GroundedWriter(engine, deadline_s=60.0, whole_sections=False)
    found = []
    for question in ASKED["questions"]:
        shown: list[str] = []
        answer = writer.answer(
            question["ask"],
            [passages[name] for name in question["from"]],
            "zh" if re.search("[\u4e00-\u9fff]", question["ask"]) else "en",
            facts=question.get("facts", ()),
            product_names=PRODUCTS,
            on_delta=shown.append,
        )
        found.append((question, answer.text, shown))
    return found


def test_nothing_false_is_said_or_shown(
    answers: list[tuple[dict[str, Any], str, list[str]]],
) -> None:
    wrong = [
        (question["ask"], text)
        for question, answer, shown in answers
        for text in [answer, *shown]
        for pattern in question.get("never", ())
        if re.search(pattern, text, re.IGNORECASE)
    ]
    assert wrong == []


def test_nearly_every_answer_holds_what_was_asked_for(
    answers: list[tuple[dict[str, Any], str, list[str]]],
) -> None:
    lacking = [
        (question["ask"], answer)
        for question, answer, _ in answers
        if not all(re.search(pattern, answer, re.IGNORECASE) for pattern in question["must"])
    ]
    assert len(lacking) <= len(answers) // 20, lacking


def test_every_answer_cites(answers: list[tuple[dict[str, Any], str, list[str]]]) -> None:
    assert [question["ask"] for question, answer, _ in answers if "[1]" not in answer] == []
