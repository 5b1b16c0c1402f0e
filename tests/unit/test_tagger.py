"""The tagger of reviews: tokens and labels, and that the converted encoder says what the learned
one says."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from test_lora import WORDS, SmallEncoder
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

from retrieval.embedder import QUERY_PREFIX
from retrieval.errors import EmbedderError
from retrieval.learning import opinions, tagging
from retrieval.learning.opinions import Marked
from retrieval.naming import groups, normal
from retrieval.tagger import (
    BEGINS,
    GOES_ON,
    NEGATIVE,
    OUTSIDE,
    POSITIVE,
    Tagger,
    _parts,
    spans_of,
    tokens_of,
)  # fmt: skip
from weights import convert
from weights.merged import Merged, write_heads

# As the real one: a word, or a few Chinese letters, a token; 的 may be part of the next one.
VOCABULARY = [
    "<s>", "</s>", "<unk>", "query:", "拉链", "的手", "感", "不好", "手", "a", "the", "battery",
    "life", "is", "bad", "great", "zip", "屏幕", "很好", "，", ".", "的",
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    spaced = [f" {word}" for word in VOCABULARY[9:17]]  # a space belongs to the word behind it
    ids = {word: number for number, word in enumerate([*VOCABULARY, *spaced])}
    ids |= {f"<extra_id_{n}>": n for n in range(len(ids), WORDS)}
    made = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    words = "|".join(sorted(VOCABULARY[3:-2], key=len, reverse=True))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(rf" ?(?:{words})| ?\S"), "isolated")
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    return made


@pytest.mark.parametrize(
    ("text", "aspect", "labels"),
    [
        ("屏幕的手感不好", "手感", {"的手": BEGINS, "感": GOES_ON, "屏幕": OUTSIDE}),
        ("the battery life is bad", "battery life", {"battery": BEGINS, "life": GOES_ON}),
    ],
)
def test_labels_go_to_tokens_and_back(
    tokenizer: Tokenizer, text: str, aspect: str, labels: dict[str, int]
) -> None:
    start = text.index(aspect)
    end = start + len(aspect)
    made = tagging.sample(tokenizer, Marked(text, "zh", ((start, end, NEGATIVE),)))
    found = made.labels()
    for place, (a, b) in enumerate(made.tokens.ranges, start=made.tokens.first):
        assert found[place] == labels.get(text[a:b].strip(), OUTSIDE)
    scores = np.eye(3, dtype=np.float32)[[max(label, 0) for label in found]]
    assert spans_of(made.tokens, scores, text) == [(start, end)]  # without the 的 before it


def test_what_goes_on_without_having_begun_begins(tokenizer: Tokenizer) -> None:
    text = "zip battery life"
    tokens = tokens_of(tokenizer.encode(QUERY_PREFIX + text), text)
    labels = [OUTSIDE] * tokens.first + [OUTSIDE] * len(tokens.ranges) + [OUTSIDE]
    words = {text[a:b].strip(): n for n, (a, b) in enumerate(tokens.ranges, start=tokens.first)}
    labels[words["zip"]], labels[words["battery"]] = GOES_ON, BEGINS
    labels[words["life"]] = GOES_ON
    found = spans_of(tokens, np.eye(3, dtype=np.float32)[labels], text)
    assert [text[a:b].strip() for a, b in found] == ["zip", "battery life"]


def test_joined_sentences_keep_their_marks() -> None:
    parts = [
        Marked("拉链不好", "zh", ((0, 2, NEGATIVE),), content=False),
        Marked("屏幕很好", "zh", ((0, 2, POSITIVE),), content=True),
    ]
    joined = tagging.join(parts, random.Random(1))
    assert [joined.text[a:b] for a, b, _ in joined.spans] == ["拉链", "屏幕"]
    assert joined.content is None


def test_people_write_no_space_before_a_mark() -> None:
    marked = Marked("It is n't great , the zip is .", "en", ((22, 25, NEGATIVE),))
    plain = opinions.as_people_write(marked)
    assert plain.text == "It isn't great, the zip is."
    assert [plain.text[a:b] for a, b, _ in plain.spans] == ["zip"]


def test_a_sentence_with_several_aspects_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text(
        "zip B-ASP 0\nand O -1\nlife B-ASP -1\n\nzip B-ASP -1\nand O -1\nlife B-ASP 2\n\n", "utf-8"
    )
    (marked,) = opinions.aspects(path, "en")
    assert marked.spans == ((0, 3, NEGATIVE), (8, 12, POSITIVE))
    assert marked.content is None


def test_what_is_kept_apart_is_a_tenth_and_always_the_same() -> None:
    parts = [opinions.part_of(f"text {n}") for n in range(2000)]
    assert 150 < parts.count("test") < 250
    assert opinions.part_of("Text, 7!") == opinions.part_of("text 7")


def test_a_long_text_is_read_in_parts_that_lose_nothing() -> None:
    text = "拉链第二次就卡住了。" * 70 + "无标点" * 200 + "\nThe zip broke. " * 30
    parts = list(_parts(text))
    assert "".join(part for _, part in parts) == text
    assert all(text[at : at + len(part)] == part for at, part in parts)
    assert max(len(part) for _, part in parts) <= 240


@pytest.fixture
def converted(tmp_path: Path, tokenizer: Tokenizer) -> tuple[tagging.Tagging, Path]:
    """A network that has learned at random, and the folder that it is read from."""
    torch.manual_seed(3)
    network = tagging.Tagging(SmallEncoder()).eval()
    with torch.no_grad():
        for each in network.parameters():
            if each.requires_grad:
                each.normal_(0, 0.3)
    file = tmp_path / "tokenizer.json"
    tokenizer.save(str(file))
    folder = tmp_path / "reviews"
    folder.mkdir()
    learned = network.learned()
    merged = Merged(SmallEncoder(), learned)
    convert._convert_encoder(merged, file, folder, lambda *told: None, "reviews")
    write_heads(learned, folder)
    return network, folder


def test_the_converted_encoder_says_what_the_learned_one_says(
    converted: tuple[tagging.Tagging, Path], tokenizer: Tokenizer
) -> None:
    network, folder = converted
    texts = ["the battery life is bad", "拉链的手感不好", "屏幕很好，zip is great", "手"]
    tagger = Tagger(folder, threads=2)
    read = tagger.read(texts)
    for text, tagged in zip(texts, read, strict=True):
        tokens = tokens_of(tokenizer.encode(QUERY_PREFIX + text), text)
        with torch.no_grad():
            states = network.states([tokens])[0]
            mood = network.mood(states[tokens.first : tokens.last].mean(dim=0)).softmax(dim=0)
        assert tagged.mood == pytest.approx(float(mood[1]), abs=0.15)  # 8 bits
    # Together or alone, in any order: padding and batches change nothing.
    assert [tagger.read([text])[0].mood for text in texts] == pytest.approx(
        [tagged.mood for tagged in read], abs=0.02
    )


def test_blank_texts_say_nothing(converted: tuple[tagging.Tagging, Path]) -> None:
    read = Tagger(converted[1]).read(["", "  \n", "zip is bad"])
    assert [(each.aspects, each.mood) for each in read[:2]] == [((), 0.5), ((), 0.5)]
    assert Tagger(converted[1]).read([]) == []


def test_weights_that_are_damaged_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="weights ensure reviews"):
        Tagger(tmp_path)


def test_learning_changes_heads_and_upper_layers(tokenizer: Tokenizer) -> None:
    network = tagging.Tagging(SmallEncoder())
    before = {name: each.detach().clone() for name, each in network.named_parameters()}
    texts = [Marked("拉链不好", "zh", ((0, 2, NEGATIVE),), content=False), Marked("zip", "en")]
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    network.train()
    for _ in range(2):  # what is added is nothing at first, and has no slope into its other half
        loss = tagging.loss_of(network, [tagging.sample(tokenizer, each) for each in texts])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    changed = {name for name, each in network.named_parameters() if (each != before[name]).any()}
    assert {name.split(".")[0] for name in changed} == {"encoder", "spans", "polarity", "mood"}
    assert int(network.learned()["layers"]) == SmallEncoder.layers


class TwoMeanings:
    dimensions, fingerprint = 2, "two"

    def embed_queries(self, texts: list[str]) -> np.ndarray:
        return np.array(
            [[1.0, 0.1 * len(t) % 0.1] if t in ("zip", "拉链") else [0, 1] for t in texts]
        )

    embed_passages = embed_queries


def test_words_of_one_meaning_are_one_aspect_in_both_languages() -> None:
    found = groups({"zip": 3, "拉链": 2, "colour": 1}, TwoMeanings(), ["size"])
    assert found["zip"] == found["拉链"] != found["colour"]
    assert groups({}, TwoMeanings()) == {}
    assert (normal("Zips"), normal("Battery Lives"), normal("拉链")) == (
        "zip",
        "battery live",
        "拉链",
    )
