"""Reciprocal-rank fusion."""

from __future__ import annotations

import pytest

from retrieval.fusion import SMOOTHING, fuse


def test_scores_are_sums_over_the_rankings() -> None:
    fused = fuse([["a", "b"], ["b", "c"]])
    assert fused["b"] == pytest.approx(1 / (SMOOTHING + 2) + 1 / (SMOOTHING + 1))
    assert list(fused) == ["b", "a", "c"]


def test_weights_scale_a_ranking() -> None:
    assert list(fuse([["a"], ["b"]], weights=[0.3, 1.0])) == ["b", "a"]


def test_equals_keep_the_order_in_which_they_came() -> None:
    assert list(fuse([["a"], ["b"]])) == ["a", "b"]
    assert fuse([]) == {}
