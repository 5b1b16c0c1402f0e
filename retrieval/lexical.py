"""BM25 over words of both languages (bm25s), with the same terms for texts and questions."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import numpy.typing as npt

from retrieval.text import HAN, singular, tokenize

Scores = npt.NDArray[np.float32]

K1 = 1.2
B = 0.4  # passages are cut to like lengths already: their length says little
# Words that stand in any question; BM25 weighs them low but a short passage would still rise.
_STOP = frozenset(
    """
    a an the is are was were be been am do does did can could will would should may have has had i
    me my you your it its this that these those what which who where when how there here we us our
    they them and or but if of to for from with on at by as so in please
    的 了 吗 呢 吧 啊 呀 是 我 你 您 它 他 她 我们 你们 这 那 这个 那个 和 与 就 也 都 在 会 要 想
    请问 亲 什么 怎么 怎样 如何 哪 可以 能 有 一下 请
    """.split()
)
_HAN_RUN = re.compile(f"[{HAN}]{{2,}}")


def terms(text: str) -> list[str]:
    """The words of a text as they are counted: lower case, full-width forms and English plurals
    folded, stop words and symbols left out, and of Chinese also each two characters in a row, since
    a question may be cut otherwise than the text. Empty for a text of stop words alone."""
    found = []
    for token in tokenize(text, search=True):
        word = unicodedata.normalize("NFKC", token.text).lower().replace("’", "'")
        if word.isascii():
            word = _stem(word.removesuffix("'s"))
        if word not in _STOP and any(character.isalnum() for character in word):
            found.append(word)
    for run in _HAN_RUN.findall(text):
        pairs = (run[i : i + 2] for i in range(len(run) - 1))
        found += [pair for pair in pairs if pair not in _STOP]
    return found


def _stem(word: str) -> str:
    """Folds plurals. Cutting further endings (-ed, -ing, -able) made the ranking of ePQA worse."""
    if word in _STOP or not word.isalpha() or len(word) < 4:
        return word.replace(",", "") if word[0].isdigit() else word
    return singular(word)


class LexicalIndex:
    """BM25 scores of all texts for a question. `size` is the number of texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.size = len(texts)
        self._bm25 = bm25s.BM25(method="lucene", k1=K1, b=B)
        corpus = [terms(text) for text in texts]
        # bm25s cannot index a corpus without a single word.
        self._empty = not any(corpus)
        if not self._empty:
            self._bm25.index(corpus, show_progress=False)

    def scores(self, question: str) -> Scores:
        """float32 [size]; 0 where no word of the question stands in the text."""
        known = [] if self._empty else self.known_terms(question)
        if not known:
            return np.zeros(self.size, np.float32)
        scores: Scores = self._bm25.get_scores(known)
        return scores

    def known_terms(self, question: str) -> list[str]:
        """The question's terms that stand in some text, as often as they are asked."""
        return [term for term in terms(question) if term in self._bm25.vocab_dict]

    def rarity(self, term: str) -> float:
        """BM25's weight of a term: high for rare ones, highest for those that stand nowhere."""
        count = 0
        number = None if self._empty else self._bm25.vocab_dict.get(term)
        if number is not None:
            starts = self._bm25.scores["indptr"]
            count = int(starts[number + 1] - starts[number])
        return math.log(1 + (self.size - count + 0.5) / (count + 0.5))

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not self._empty:
            self._bm25.save(folder, show_progress=False)

    @classmethod
    def load(cls, folder: Path, size: int) -> LexicalIndex:
        """Opens what `save` wrote, its arrays mapped into memory."""
        index = cls.__new__(cls)
        index.size = size
        index._empty = not (folder / "params.index.json").is_file()
        index._bm25 = (
            bm25s.BM25() if index._empty else bm25s.BM25.load(folder, mmap=True, load_corpus=False)
        )
        return index
