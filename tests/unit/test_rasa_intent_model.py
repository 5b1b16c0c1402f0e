"""The intent model's arithmetic and storage; fitting is tested where scikit-learn is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.rasa.components.intent_model import IntentModel, ngrams


def _model() -> IntentModel:
    vocabulary = {"退": 0, "a #7": 1}
    return IntentModel(
        ["order_status", "return_eligibility"],
        vocabulary,
        np.ones(2, np.float32),
        np.zeros(2, np.float32),
        np.array([[1, 0], [0, 1], [0, 2], [2, 0]], np.float32),
        np.zeros(2, np.float32),
        (1.0, 1.0),
        1.0,
    )


def test_ngrams_survive_a_slip_of_the_keys() -> None:
    shared = ngrams("is it avaliable") & ngrams("is it available")
    assert shared["^ is it"] == 1
    assert shared["~<ava"] == 1


def test_numbers_count_by_their_length() -> None:
    assert ngrams("under 500") == ngrams("under 800")
    assert ngrams("under 500") != ngrams("under 50")


def test_probabilities_add_vectors_and_ngrams() -> None:
    vectors = np.array([[0.5, 0.5], [0.5, 0.5]], np.float32)
    likely = _model().probabilities(["能退", "A1002003"], vectors)
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(likely[0, 1], 1 / (1 + np.exp(-2)), rtol=1e-5)
    np.testing.assert_allclose(likely[1, 0], 1 / (1 + np.exp(-2)), rtol=1e-5)


def test_words_and_emoji_can_be_known_and_marks_cannot() -> None:
    model = _model()
    model._vocabulary |= {"👍": 2, "?": 3, "^": 4}
    assert model.knows("退？")
    assert model.knows("👍👍")
    for text in ("🦄 !!", "???", "？", "^_^", "..."):
        assert not model.knows(text), text


def test_what_is_loaded_is_what_was_saved(tmp_path: Path) -> None:
    model = _model()
    model.save(tmp_path)
    loaded = IntentModel.load(tmp_path)
    vectors = np.array([[0.1, 0.9], [0.7, -0.2], [0, 0]], np.float32)
    texts = ["能退吗", "A1002003", ""]
    assert loaded.labels == model.labels
    np.testing.assert_array_equal(
        loaded.probabilities(texts, vectors), model.probabilities(texts, vectors)
    )
