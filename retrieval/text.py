"""Words, sentences and the language of text that mixes Chinese and English.

Runs in Rasa's Python 3.10 too: imports only the standard library, jieba and py3langid, both
loaded at first use. Nothing here changes a text; offsets always point into the text given.
"""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Detected = Literal["zh", "en", "other"]

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_LETTER = rf"(?:(?![{HAN}])[^\W\d_])"
_ALNUM = rf"(?:(?![{HAN}])[^\W_])"
_PIECE = re.compile(
    rf"""
    (?P<email>[A-Za-z0-9._%+\-]{{1,64}}@[A-Za-z0-9\-]{{1,63}}(?:\.[A-Za-z0-9\-]{{1,63}}){{1,8}})
  | (?P<url>https?://[^\s{HAN}，。！？；、（）《》“”]+)
  | (?P<han>[{HAN}]+)
  | (?P<number>\d+(?:[.,:]\d+)*)
  | (?P<word>{_LETTER}(?:{_ALNUM}|[\u0300-\u036f]|['’](?={_LETTER}))*)
  | (?P<other>[^\w\s]+|_+)
    """,
    re.VERBOSE,
)

# jieba takes time by the square of a run without punctuation; nobody's sentence is as long.
_LONGEST_RUN = 400


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is exactly `source[start:end]`."""

    text: str
    start: int
    end: int


class _Segmenter:
    """jieba's dictionary, loaded once, at the first Han text, without its lines on stderr.

    The default mode knows the shop's own words once they are added; search mode never does, so
    that a lexical index built yesterday and a question asked today are cut alike.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jieba: dict[bool, Any] = {}
        self._words: set[str] = set()

    def cut(self, run: str, search: bool) -> Iterator[tuple[str, int, int]]:
        segmenter = self._load(search)
        mode = "search" if search else "default"
        for offset in range(0, len(run), _LONGEST_RUN):
            for word, start, end in segmenter.tokenize(run[offset : offset + _LONGEST_RUN], mode):
                yield word, offset + start, offset + end

    def add(self, words: Iterable[str]) -> None:
        with self._lock:
            fresh = {word for word in words if _HAN_CHARACTER.search(word)} - self._words
            self._words |= fresh
            segmenter = self._jieba.get(False)
            if segmenter is not None:
                for word in sorted(fresh):
                    segmenter.add_word(word)

    def _load(self, search: bool) -> Any:
        segmenter = self._jieba.get(search)
        if segmenter is not None:
            return segmenter
        with self._lock:
            if search not in self._jieba:
                import jieba

                jieba.setLogLevel(logging.WARNING)
                # The plain dictionary is loaded once; the one that learns words is a copy of it.
                if True not in self._jieba:
                    plain = jieba.Tokenizer()
                    plain.initialize()
                    self._jieba[True] = plain
                if not search:
                    plain = self._jieba[True]
                    learning = jieba.Tokenizer()
                    learning.FREQ, learning.total = dict(plain.FREQ), plain.total
                    learning.initialized = True
                    for word in sorted(self._words):
                        learning.add_word(word)
                    self._jieba[False] = learning
            return self._jieba[search]


_segmenter = _Segmenter()


def add_words(words: Iterable[str]) -> None:
    """Make the default segmentation keep these words (product names, say) in one piece."""
    _segmenter.add(words)


def tokenize(text: str, *, search: bool = False) -> list[Token]:
    """The words of a text, in order: jieba's for Han, else words, numbers, e-mails, addresses.

    A number and its unit are two tokens (`3000mm`), a code that starts with a letter is one
    (`SP20417388`). Punctuation is left out; emoji and other symbols stay. A text that is not blank
    never comes back empty. With `search` long Han words are followed by the shorter words inside
    them, so tokens may overlap: meant for lexical indexes.
    """
    tokens: list[Token] = []
    marks: list[Token] = []
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if match.lastgroup == "han":
            tokens += [
                Token(word, start + at, start + to)
                for word, at, to in _segmenter.cut(match.group(), search)
            ]
        elif match.lastgroup == "other":
            for symbol in _symbols(text, start, end):
                tokens.append(symbol)
            marks.append(Token(match.group(), start, end))
        else:
            tokens.append(Token(match.group(), start, end))
    if tokens or marks:
        return tokens or marks
    stripped = text.strip()
    if not stripped:
        return []
    start = text.index(stripped)
    return [Token(stripped, start, start + len(stripped))]


def _symbols(text: str, start: int, end: int) -> Iterator[Token]:
    """Runs of symbols (emoji with their joiners and modifiers) inside a run of other marks."""
    at: int | None = None
    for i in range(start, end + 1):
        category = unicodedata.category(text[i]) if i < end else ""
        symbol = category in ("So", "Sc", "Sk", "Sm") or (
            at is not None and category in ("Mn", "Me", "Mc", "Cf")
        )
        if symbol and at is None:
            at = i
        elif not symbol and at is not None:
            yield Token(text[at:i], at, i)
            at = None


# --- language -------------------------------------------------------------------------------

_KANA = re.compile("[\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+(?:['’][A-Za-z]+)?")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff¿¡]")
_CODE = re.compile(r"\S{1,64}@\S+|https?://\S+|\b[A-Za-z]{1,40}[-\s]?\d[\w-]*", re.ASCII)
_ZH_GRAMMAR = re.compile(
    "[吗呢吧的了是我你有能怎么什多少几请可以还要想不在哪这那给和与就也都会谁为何啥咋没]"
)
_EN_GRAMMAR = frozenset(
    """
    a an the is are was were be been do does did can could will would should may might must have
    has had i i'm i've i'd my me you your it it's its this that these those what what's which
    who where where's when when's why how how's much many any some no not don't doesn't isn't
    can't and or but if of to for from with without on at by about than please thanks thank want
    need get got there here we us our they them out up into
    """.split()
)
# The major languages of Latin script that a shop's customers may write.
_LATIN_LANGUAGES = (
    "en", "fr", "de", "es", "it", "pt", "nl", "vi", "id", "ms", "pl", "tr", "sv", "da", "cs", "ro",
    "hu", "fi",
)  # fmt: skip


class _Identifier:
    """py3langid restricted to the languages above; its two releases load their model differently
    (Rasa's Python gets the older one)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def probabilities(self, text: str) -> dict[str, float]:
        if self._model is None:
            with self._lock:
                if self._model is None:
                    from py3langid.langid import MODEL_FILE, LanguageIdentifier

                    load = getattr(LanguageIdentifier, "from_model_file", None) or (
                        LanguageIdentifier.from_pickled_model
                    )
                    model = load(MODEL_FILE, norm_probs=True)
                    model.set_languages(list(_LATIN_LANGUAGES))
                    self._model = model
        return {language: float(score) for language, score in self._model.rank(text)}


_identifier = _Identifier()


_PLURALS = [
    (re.compile(r"(?<=[a-z]{3})ies$"), "y"),
    (re.compile(r"(?:(?<=ss)|(?<=zz)|(?<=x)|(?<=ch)|(?<=sh))es$"), ""),
    (re.compile(r"(?<=[a-z]{2}[^su])s$"), ""),
]


def singular(word: str) -> str:
    """An English word in small letters without the ending of its plural, as good as that goes by
    its end alone ("gas" and "dress" stay)."""
    for pattern, replacement in _PLURALS:
        shorter, count = pattern.subn(replacement, word)
        if count:
            return shorter
    return word


def prepare() -> None:
    """Load what languages are told by, half a second's work, before the first customer waits."""
    _identifier.probabilities("ready")


def detect_language(text: str) -> Detected | None:
    """The language that a customer wrote: "zh", "en", "other", or None when nothing tells.

    Scripts decide first. Latin letters are English unless at least four words (three with
    accents) are surely another language, so names count as English. A bare order number, e-mail
    address, number or emoji tells nothing: whatever was spoken before goes on.
    Chinese with an English name in it is Chinese, an English sentence with a Chinese name in it
    is English.
    """
    sample = _CODE.sub(" ", text[:2000])
    han = len(_HAN_CHARACTER.findall(sample))
    words = [word.lower() for word in _LATIN_WORD.findall(sample)]
    kana = len(_KANA.findall(sample))
    if kana >= 2 and kana * 5 >= han:
        return "other"
    foreign = sum(1 for c in sample if c.isalpha() and not _in_known_script(c))
    if foreign > 2 * han + sum(map(len, words)):
        return "other"
    if han:
        english = sum(word in _EN_GRAMMAR for word in words)
        return "en" if english > len(_ZH_GRAMMAR.findall(sample)) else "zh"
    if not words:
        return None
    return "other" if _surely_not_english(sample, words) else "en"


def _in_known_script(character: str) -> bool:
    return bool(
        _HAN_CHARACTER.match(character)
        or _LATIN_WORD.match(character)
        or unicodedata.name(character, "").startswith(("LATIN", "FULLWIDTH LATIN", "MODIFIER"))
    )


def _surely_not_english(sample: str, words: list[str]) -> bool:
    accented = bool(_ACCENTED.search(sample))
    if len(words) < (3 if accented else 4):
        return False
    # Shop English is full of odd names; a few words of English grammar settle it.
    grammar = sum(word in _EN_GRAMMAR for word in words)
    if grammar >= 2 and grammar * 4 >= len(words):
        return False
    probabilities = _identifier.probabilities(sample)
    english = probabilities.pop("en", 0.0)
    sure = 0.6 if accented else 0.9 if not grammar else 0.99
    return english < 0.01 and max(probabilities.values()) >= sure


# --- sentences ------------------------------------------------------------------------------

_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|approx|incl|excl|vs|no|nr|mr|mrs|ms|dr|st|a\.m|p\.m|max|min|fig|"
    r"wt|vol|qty|tel|[A-Za-z])\.$"
    # Units as labels abbreviate them, behind a figure or the first half of one: "1.7 fl. oz.".
    r"|(?:\d\s?|\b(?:fl|sq|cu)\.\s?)"
    r"(?:fl|oz|lbs?|ml|cl|in|ft|yds?|sq|cu|hrs?|mins?|secs?|pcs?|pkgs?|ct|dia)\.$",
    re.IGNORECASE,
)
# What begins no sentence: a small letter, and marks that go on.
_GOES_ON = re.compile(r"[ \t]*(?:[a-z,;:)\]）]|[–—-])")
# Nobody's bracket is longer.
_BRACKET_LENGTH = 300
_BRACKETS = str.maketrans("（）［］【】", "()[][]")
_CLOSERS = "”’」』）)\\]\"'"
_END_ANY = re.compile(rf"(?:[。！？…]+[{_CLOSERS}]*|\n+)")
_END_LATIN = re.compile(rf"[.!?]+[{_CLOSERS}]*(?=\s|$|[{HAN}])")
_END_MARK_ZH = re.compile(rf"[!?]+[{_CLOSERS}]*")


def sentences(text: str, language: Literal["zh", "en"]) -> list[str]:
    """The sentences of a text, stripped, none empty; a line break ends one too.

    English "?" and "!" need a space after them, as addresses and prices do not have; in Chinese
    text they end a sentence wherever they stand. Decimals and usual abbreviations end none, nor
    does a full stop before a small letter or inside brackets.
    """
    ends = {match.end() for match in _END_ANY.finditer(text)}
    ends |= {match.end() for match in _END_LATIN.finditer(text) if not goes_on(text, match)}
    if language == "zh":
        ends |= {match.end() for match in _END_MARK_ZH.finditer(text)}
    found: list[str] = []
    start = 0
    for end in [*sorted(ends), len(text)]:
        sentence = text[start:end].strip()
        if sentence:
            found.append(sentence)
        start = end
    return found


def goes_on(text: str, end: re.Match[str]) -> bool:
    """Whether a sentence goes on behind a full stop ("0.5 fl. oz. each", "(approx. 30 cm)"); other
    marks end it."""
    if not end.group().startswith(".") or "\n" in end.group():
        return False
    if _GOES_ON.match(text, end.end()) or _in_brackets(text, end.start(), end.end()):
        return True
    # At the end of the text an abbreviation ends it.
    short = _ABBREVIATION.search(text[max(0, end.start() - 12) : end.start() + 1])
    return short is not None and end.end() < len(text)


def _in_brackets(text: str, start: int, end: int) -> bool:
    """Whether a full stop stands inside a bracket that is closed further on in its line."""
    before = text[max(0, start - _BRACKET_LENGTH) : start].rpartition("\n")[2]
    after = text[end : end + _BRACKET_LENGTH].partition("\n")[0]
    before, after = before.translate(_BRACKETS), after.translate(_BRACKETS)
    return any(
        before.rfind(opening) > before.rfind(closing) and closing in after
        for opening, closing in ("()", "[]")
    )
