"""A shop is a folder: where its files are, and the two small ones that say how it talks.

shop.yaml and rules.yaml are read by `data.rules`, phrases/ by `bot.wording.phrases`, documents/ by
`retrieval`; whoever needs one of them asks a `ShopFolder` where it is. Every file but shop.yaml may
be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from data.errors import ShopInvalid

_Read = TypeVar("_Read")
_Model = TypeVar("_Model", bound=BaseModel)

# Two tags that the assistant itself understands, whatever else the shop tags its goods with:
# what makes a good present, and what is for children only.
GIFT, KIDS = "gift", "kids"


def _per_language(value: object) -> object:
    """One text or list for all languages is the same in each."""
    return value if isinstance(value, dict) else {"zh": value, "en": value}


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_Word = Annotated[str, Field(min_length=1)]
_Listed = Annotated[tuple[_Word, ...], BeforeValidator(_several)]


class _Words(_Part):
    """Words of each language; a shop with one language gives a plain list."""

    zh: _Listed = ()
    en: _Listed = ()

    def __getitem__(self, language: str) -> tuple[str, ...]:
        return self.zh if language == "zh" else self.en

    def all(self) -> frozenset[str]:
        return frozenset(word.casefold() for word in (*self.zh, *self.en))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        parts = sorted(map(_bounded, self.all()), key=len, reverse=True)
        return re.compile("|".join(parts)) if parts else None

    def are_in(self, text: str) -> bool:
        return bool(self._pattern and self._pattern.search(text.casefold()))


def _bounded(word: str) -> str:
    """Letters that words are made of are looked for as whole words, with or without a plural s;
    Chinese, which has no spaces, anywhere."""
    escaped = re.escape(word).replace(r"\ ", r"[\s-]+")
    before = r"(?<![a-z0-9])" if word[0].isascii() else ""
    after = r"s?(?![a-z0-9])" if word[-1].isascii() else ""
    return f"{before}{escaped}{after}"


Words = Annotated[_Words, BeforeValidator(_per_language)]


class Direction(NamedTuple):
    """What a superlative asks for: the most (or the least) of one of these attributes."""

    keys: tuple[str, ...]
    most: bool


class Attribute(_Part):
    """How customers speak of an attribute of the catalogue. `least` and `most` are the words for
    the product that has the least and the most of it ("lightest"), `less` and `more` those for the
    one of two ("lighter"). `compare`: a comparison names the product that is `better`. `means`:
    written in the attribute's unit without saying what, this attribute is meant ("under 2 kg");
    with `beside`, only where one of these words stands too. `made_of`: its value says what of."""

    least: Words = _Words()
    most: Words = _Words()
    less: Words = _Words()
    more: Words = _Words()
    compare: bool = False
    better: Literal["least", "most"] = "least"
    means: bool = False
    beside: Words = _Words()
    made_of: bool = False

    def best(self, language: str, *, of_two: bool) -> str | None:
        """The word for the better one: "lighter" of two, "lightest" of more; None without one."""
        least = self.better == "least"
        words = (
            (self.less if least else self.more) if of_two else (self.least if least else self.most)
        )
        return next(iter(words[language]), None)


_NONE = Attribute()


class Lexicon(_Part):
    """The shop's words for what its catalogue only has codes for."""

    tags: dict[str, Words] = Field(default_factory=dict)
    attributes: dict[str, Attribute] = Field(default_factory=dict)

    def tags_in(self, text: str) -> frozenset[str]:
        """The tags that a text names by one of their words."""
        return frozenset(tag for tag, words in self.tags.items() if words.are_in(text))

    def alike(self, word: str) -> frozenset[str]:
        """The word and those that the shop uses for the same: of leather, suede."""
        word = word.casefold()
        groups = (words.all() | {tag} for tag, words in self.tags.items())
        return frozenset({word}).union(*(group for group in groups if word in group))

    def direction_in(self, text: str) -> Direction | None:
        """What a superlative in the text asks for; several attributes may have the same word."""
        for most in (False, True):
            keys = tuple(
                key
                for key, attribute in self.attributes.items()
                if (attribute.most if most else attribute.least).are_in(text)
            )
            if keys:
                return Direction(keys, most)
        return None

    def compared(self) -> Mapping[str, Attribute]:
        return {key: of for key, of in self.attributes.items() if of.compare}

    def made_of(self) -> frozenset[str]:
        """The attributes that say what a product is made of."""
        return frozenset(key for key, attribute in self.attributes.items() if attribute.made_of)

    def meant(self, key: str, text: str) -> bool:
        """Whether a bare figure in the attribute's unit means it in this text."""
        attribute = self.attributes.get(key, _NONE)
        return attribute.means and (not attribute.beside.all() or attribute.beside.are_in(text))


@dataclass(frozen=True)
class ShopFolder:
    """One shop's files; what is absent is None. `ShopFolder.open(path)` finds and checks them."""

    path: Path
    shop_file: Path | None
    rules_file: Path | None
    documents: Path | None
    phrases: Path | None
    lexicon_file: Path | None
    sources_file: Path | None
    examples_file: Path | None
    catalogue: Path | None
    sources: Mapping[str, tuple[str, ...]]  # pages, by the decision that they prove
    lexicon: Lexicon

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises `ShopInvalid`, whose text has one line for each key that is wrong."""
        if not path.is_dir():
            raise ShopInvalid(f"There is no shop in {path}: it is not a folder.")

        def there(name: str) -> Path | None:
            found = path / name
            return found if found.exists() else None

        lexicon, sources = there("lexicon.yaml"), there("sources.yaml")
        problems: list[str] = []
        words = _read(lexicon, _LEXICON, "a word list that the shop can have", problems)
        pages = _read(sources, _SOURCES, "a decision with its pages", problems)
        if words is None or pages is None:
            raise ShopInvalid("\n".join(problems))
        return cls(
            path=path,
            shop_file=there("shop.yaml"),
            rules_file=there("rules.yaml"),
            documents=there("documents"),
            phrases=there("phrases"),
            lexicon_file=lexicon,
            sources_file=sources,
            examples_file=there("examples.yaml"),
            catalogue=there("catalogue"),
            sources=pages,
            lexicon=words,
        )


_Pages = Annotated[tuple[_Word, ...], BeforeValidator(_several), Field(min_length=1)]
_SOURCES: TypeAdapter[Mapping[str, tuple[str, ...]]] = TypeAdapter(dict[str, _Pages])
_LEXICON: TypeAdapter[Lexicon] = TypeAdapter(Lexicon)


def _read(
    path: Path | None, shape: TypeAdapter[_Read], what: str, problems: list[str]
) -> _Read | None:
    """A YAML file of that shape; an absent or empty one is an empty mapping. None when it cannot be
    used: `problems` has the lines that say why."""
    try:
        return shape.validate_python(yaml_of(path) if path else {})
    except ShopInvalid as error:
        problems.append(str(error))
    except ValidationError as error:
        problems += [f"{path} has entries that cannot be used:", *sentences(error, what)]
    return None


def yaml_of(path: Path) -> Any:
    """What stands in the file, {} when nothing does. Raises `ShopInvalid`."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise ShopInvalid(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        raise ShopInvalid(f"{path} is not YAML: {error}") from None


def read_optional(model: type[_Model], path: Path, what: str) -> _Model:
    """What the file holds, the model's defaults where there is none; `what` says what an unknown
    key is not. Raises `ShopInvalid`, whose text has a line for each key that is wrong."""
    if not path.exists():
        return model()
    try:
        return model.model_validate(yaml_of(path))
    except ValidationError as error:
        lines = "\n".join(sentences(error, what))
        raise ShopInvalid(f"{path} cannot be used:\n{lines}") from None


def sentences(error: ValidationError, what: str) -> Iterable[str]:
    """One line a wrong key; `what` says what an unknown key is not."""
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "the file"
        match problem["type"]:
            case "missing":
                told = "is missing"
            case "extra_forbidden":
                told = f"is not {what}; check the spelling"
            case _:
                message = problem["msg"].removeprefix("Value error, ")
                told = f"{problem['input']!r} does not do: {message[0].lower()}{message[1:]}"
        yield f"- {key}: {told}."
