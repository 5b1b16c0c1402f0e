"""Reviews: which words name an aspect and whether they blame it (phones and cameras in Chinese,
laptops in English: reviews/NAME.atepc.*.dat), and whether a review is content (EPRSTMT, Chinese),
beside plain ways: words that were aspects before, the most frequent polarity, and a logistic
regression on letters of the 160 reviews of EPRSTMT's train part.

Where the folder has NAME.atepc.test.dat these are measured; else the tenth of the train part that
the tagger never learned (retrieval/learning/opinions.py), and `apart` says so. An aspect counts
when its first and last character are right; polarities are of the marked aspects. Nothing of
EPRSTMT was learned, so both its parts are measured. The keys that begin with `plain_` are of the
plain ways.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from retrieval.learning import opinions
from retrieval.learning.opinions import Marked
from retrieval.tagger import Span, Tagger
from tests.benchmarks import _bench
from weights import WeightsError, ensure, locate

_THREADS = 2


def measure(options: argparse.Namespace) -> _bench.Figures:
    folder = _bench.data_folder(options.data, "reviews")
    try:
        ensure("reviews", lambda what, done, total: None)
    except (WeightsError, OSError) as error:
        raise _bench.Missing(str(error)) from error
    tagger = Tagger(locate("reviews"), threads=_THREADS)
    figures = {**_aspects(tagger, folder), **_moods(tagger, folder)}
    _bench.say(f"{figures['texts_per_s']:.0f} texts a second on {_THREADS} threads.")
    return figures


def _aspects(tagger: Tagger, folder: Path) -> _bench.Figures:
    figures: _bench.Figures = {"apart": not (folder / "phone.atepc.test.dat").is_file()}
    rows, scores = [], {"zh": Counter[str](), "en": Counter[str]()}
    for name, language in opinions.SETS.items():
        known = opinions.aspects(folder / f"{name}.atepc.train.dat", language)
        if figures["apart"]:
            test = [each for each in known if opinions.part_of(each.text) == "test"]
        else:
            test = opinions.aspects(folder / f"{name}.atepc.test.dat", language)
        of_test = {each.text for each in test}
        known = [each for each in known if each.text not in of_test]
        own, plain = _score(tagger, known, test)
        rows.append(
            [name, len(test), _f1(own), _f1(plain), _share(own, "agreed", "said"),
             _share(plain, "agreed", "said")]
        )  # fmt: skip
        figures |= {
            f"{name}_aspect_f1": round(_f1(own), 4),
            f"plain_{name}_aspect_f1": round(_f1(plain), 4),
            f"{name}_polarity": round(_share(own, "agreed", "said"), 4),
            f"plain_{name}_polarity": round(_share(plain, "agreed", "said"), 4),
        }
        scores[language] += own
    _bench.show(
        "Aspects" + (" of the part that was kept apart" if figures["apart"] else ""),
        ["set", "sentences", "F1", "words known", "polarity", "most frequent"],
        rows,
    )
    both = scores["zh"] + scores["en"]
    return figures | {
        "aspect_f1_zh": round(_f1(scores["zh"]), 4),
        "aspect_f1_en": round(_f1(scores["en"]), 4),
        "polarity_accuracy": round(_share(both, "agreed", "said"), 4),
    }


def _score(
    tagger: Tagger, known: Sequence[Marked], test: Sequence[Marked]
) -> tuple[Counter[str], Counter[str]]:
    words = {each.text[a:b].casefold() for each in known for a, b, _ in each.spans}
    said = Counter(p for each in known for _, _, p in each.spans if p is not None)
    usual = said.most_common(1)[0][0]
    texts = [each.text for each in test]
    own, plain = Counter[str](), Counter[str]()
    tagged = tagger.read(texts)
    polarities = tagger.polarities(texts, [[(a, b) for a, b, _ in each.spans] for each in test])
    for each, found, named in zip(test, tagged, polarities, strict=True):
        gold = {(a, b) for a, b, _ in each.spans}
        for counts, spans in (
            (own, {(aspect.start, aspect.end) for aspect in found.aspects}),
            (plain, set(_known_words(each, words))),
        ):
            counts.update(right=len(gold & spans), told=len(spans), marked=len(gold))
        for (_, _, polarity), guess in zip(each.spans, named, strict=True):
            if polarity is not None:
                own.update(said=1, agreed=int(guess == polarity))
                plain.update(said=1, agreed=int(usual == polarity))
    return own, plain


def _known_words(each: Marked, words: set[str]) -> list[Span]:
    """From the left the longest that was an aspect before; in English whole words."""
    text, found, at = each.text.casefold(), list[Span](), 0
    longest = max(map(len, words))
    while at < len(text):
        ends = [
            end
            for end in range(at + 1, min(at + longest, len(text)) + 1)
            if text[at:end] in words and (each.language == "zh" or not _within_word(text, at, end))
        ]
        if ends:
            found.append((at, ends[-1]))
        at = ends[-1] if ends else at + 1
    return found


def _within_word(text: str, start: int, end: int) -> bool:
    return (start > 0 and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum())


def _f1(counts: Counter[str]) -> float:
    return 2 * counts["right"] / max(counts["told"] + counts["marked"], 1)


def _share(counts: Counter[str], part: str, whole: str) -> float:
    return counts[part] / max(counts[whole], 1)


def _moods(tagger: Tagger, folder: Path) -> _bench.Figures:
    train, dev = (
        opinions.shop_reviews(folder / f"eprstmt_{part}_few.json") for part in ("train", "dev")
    )
    plain = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10),
    ).fit([text for text, _ in train], [content for _, content in train])
    on_dev = float(plain.score([text for text, _ in dev], [content for _, content in dev]))
    both = [*train, *dev]
    texts = [text for text, _ in both]
    tagger.read(texts)  # once to warm up
    began = time.perf_counter()
    read = tagger.read(texts)
    took = time.perf_counter() - began
    right = np.array(
        [(each.mood >= 0.5) == content for each, (_, content) in zip(read, both, strict=True)]
    )
    frequent = np.mean([content for _, content in both])
    _bench.show(
        "Whether a Chinese review is content (EPRSTMT, not learned from)",
        ["part", "n", "ours", "letters of 160", "most frequent"],
        [
            ["train and dev", len(both), float(right.mean()), "–", max(frequent, 1 - frequent)],
            ["dev", len(dev), float(right[len(train) :].mean()), on_dev, "–"],
        ],
    )
    return {
        "sentiment_accuracy_zh": round(float(right.mean()), 4),
        "dev_sentiment_accuracy_zh": round(float(right[len(train) :].mean()), 4),
        "plain_dev_sentiment_accuracy_zh": round(on_dev, 4),
        "texts_per_s": round(len(texts) / took, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("reviews", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
