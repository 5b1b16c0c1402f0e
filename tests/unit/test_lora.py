"""Additions to an encoder: where they are learned, and that merged they say the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bot.rasa.reading import train
from bot.rasa.reading.network import HEADS, Network
from weights.lora import LearningEncoder
from weights.merged import Merged

WIDTH, INNER, WORDS = 24, 48, 50
_SHAPES = {
    "emb.word": (WORDS, WIDTH), "emb.pos": (16, WIDTH), "emb.type": (2, WIDTH),
    "fi.w": (INNER, WIDTH), "fi.b": (INNER,), "fo.w": (WIDTH, INNER),
    **dict.fromkeys(("q.w", "k.w", "v.w", "ao.w"), (WIDTH, WIDTH)),
}  # fmt: skip
TEXTS = [[3, 7, 9], [5, 2, 8, 1, 4]]


class SmallEncoder:
    """Random tensors in the place of an `E5File`."""

    width, layers, heads, vocabulary_size, epsilon = WIDTH, 8, 2, WORDS, 1e-12

    def __init__(self) -> None:
        self._chance = np.random.default_rng(1)
        self._made: dict[str, np.ndarray] = {}

    def tensor(self, name: str) -> np.ndarray:
        if name not in self._made:
            shape = _SHAPES.get(name) or _SHAPES.get(name.partition(".")[2], (WIDTH,))
            self._made[name] = self._chance.normal(0, 0.3, shape).astype(np.float32)
        return self._made[name]


@pytest.fixture
def source() -> SmallEncoder:
    torch.manual_seed(1)
    return SmallEncoder()


def states(encoder: LearningEncoder, texts: list[list[int]] = TEXTS) -> np.ndarray:
    return encoder.above(encoder.below(texts)).detach().float().numpy()


def test_only_the_upper_layers_learn(source: SmallEncoder) -> None:
    encoder = LearningEncoder(source, learns_from=2, rank=3)
    encoder.above(encoder.below(TEXTS)).float().sum().backward()
    learned = {name for name, each in encoder.named_parameters() if each.grad is not None}
    assert {name.partition(".")[0] for name in learned} == {"upper"}
    assert set(encoder.learned()) == {
        f"l{layer}.{part}.{each}"
        for layer in range(2, 8)
        for part in ("q", "k", "v", "ao", "fi", "fo")
        for each in ("down", "up")
    }


def test_additions_that_are_merged_say_what_they_said_beside_it(source: SmallEncoder) -> None:
    learning = LearningEncoder(source, learns_from=2, rank=3)
    plain = states(learning)
    with torch.no_grad():
        for layer in learning.upper:
            layer.q.up.normal_(0, 0.5)
            layer.fo.up.normal_(0, 0.5)
    merged = LearningEncoder(Merged(source, learning.learned()), learns_from=2, rank=0)
    assert np.abs(states(learning) - plain).max() > 0.1
    np.testing.assert_allclose(states(merged), states(learning), atol=0.06)  # bfloat16


def test_some_layers_are_enough_where_it_is_learned_so(source: SmallEncoder) -> None:
    learning = LearningEncoder(source, learns_from=2, rank=3, layers=5)
    assert len(learning.lower) + len(learning.upper) == 5
    merged = Merged(source, learning.learned() | {"layers": np.array(5)})
    assert (merged.layers, Merged(source, learning.learned()).layers) == (5, source.layers)


def test_the_padding_of_a_batch_changes_no_text(source: SmallEncoder) -> None:
    encoder = LearningEncoder(source, learns_from=2, rank=3)
    np.testing.assert_allclose(states(encoder, TEXTS[:1])[0], states(encoder)[0, :3], atol=0.06)


def test_the_reading_learns_on_the_same_encoder(source: SmallEncoder) -> None:
    network = Network(source)
    below = network.below(TEXTS)
    assert network.above(below).shape == (2, 5, WIDTH)
    network.above(below).sum().backward()
    assert network.encoder.upper[0].q.up.grad is not None
    heads = {f"{name}.{each}" for name in HEADS for each in ("weight", "bias")}
    assert heads <= set(network.learned())
    assert train.HEADS == HEADS  # what learns it is whole
