"""Documents and product records to passages.

A passage of a document is a section under its heading, or a part of a long one; a product has one
passage each for its description, its specifications, its sizing advice and its care. The passages
of one source are numbered alike in both languages, so that they can be told to say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from data.models import Product
from retrieval.chunk import Unit, pack, parse
from retrieval.errors import DocumentError
from retrieval.text import sentences
from retrieval.types import Kind, Language, Passage

LANGUAGES: tuple[Language, ...] = ("zh", "en")
MAX_BYTES = 2_000_000


@dataclass(slots=True)
class Ingested:
    """`warnings` are sentences about documents that were left out or read in part."""

    passages: list[Passage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: its title and heading belong to it."""
    return "\n".join(part for part in (passage.title, passage.heading, passage.text) if part)


def searched_text(passage: Passage) -> str:
    """What is searched by words: the title and the heading count twice."""
    return f"{passage.title}\n{passage.heading}\n{embedding_text(passage)}"


def read_documents(folder: Path) -> Ingested:
    """All Markdown files under folder/zh and folder/en, in the order of their names.

    A file's name without .md is its source. Files that are empty, larger than 2 MB or not UTF-8
    are left out with a warning. Raises `DocumentError` when there is no such folder.
    """
    if not any((folder / language).is_dir() for language in LANGUAGES):
        raise DocumentError(
            f"{folder} holds no documents: it needs a folder zh or en with Markdown files in it."
        )
    found = Ingested()
    for language in LANGUAGES:
        for path in sorted((folder / language).rglob("*.md")):
            try:
                found.passages += read_document(path, language, found.warnings)
            except DocumentError as error:
                found.warnings.append(f"{error} It was left out.")
    return found


def read_document(path: Path, language: Language, warnings: list[str]) -> list[Passage]:
    """The passages of one Markdown file. The title is the front matter's, else the first heading's,
    else the file's name. Raises `DocumentError` when the file cannot be used at all."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DocumentError(f"{path} is {size / 1e6:.1f} MB long; split it below 2 MB a file.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(
            f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8."
        ) from error
    head, body, complaint = front_matter(text.replace("\x00", ""))
    if complaint:
        warnings.append(f"{path}: {complaint}")
    sections = parse(body, language)
    if not sections:
        raise DocumentError(f"{path} has no text.")
    first = next((section.path[0] for section in sections if section.path), path.stem)
    title = str(head.get("title") or first).strip()
    source = path.stem
    passages: list[Passage] = []
    for number, section in enumerate(sections, start=1):
        # A first heading that repeats the title says nothing more.
        trail = section.path[1:] if section.path[:1] == (title,) else section.path
        passages += _passages(
            source,
            number,
            section.units,
            kind="document",
            language=language,
            title=title,
            heading=" > ".join(trail),
            url=f"/help/{language}/{source}",
        )
    return passages


_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def front_matter(text: str) -> tuple[dict[str, Any], str, str | None]:
    """A document's head, its text, and what is wrong with the head; such a head says nothing."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text, None
    body = text[match.end() :]
    try:
        head = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 2}" if mark else ""
        return {}, body, f"the front matter is not YAML{line}; its title is not used."
    if not isinstance(head, dict):
        return {}, body, "the front matter has no keys; its title is not used."
    return head, body, None


def _passages(
    source: str,
    number: int,
    units: list[Unit],
    *,
    kind: Kind,
    language: Language,
    title: str,
    heading: str,
    url: str,
) -> list[Passage]:
    texts = pack(units, language)
    return [
        Passage(
            id=f"{source}#{number}" + (f".{part}" if part > 1 else ""),
            source=source,
            kind=kind,
            language=language,
            title=title,
            heading=heading,
            text=text,
            url=url,
        )
        for part, text in enumerate(texts, start=1)
    ]


# --- products -------------------------------------------------------------------------------

_HEADINGS = {
    "description": {"zh": "商品介绍", "en": "Description"},
    "attributes": {"zh": "规格参数", "en": "Specifications"},
    "sizing": {"zh": "尺码与适配", "en": "Size and compatibility"},
    "care": {"zh": "保养", "en": "Care"},
}
_OPTION_NAMES = {
    "color": {"zh": "颜色", "en": "Colours"},
    "size": {"zh": "尺码", "en": "Sizes"},
    "volume": {"zh": "容量", "en": "Volumes"},
    "length": {"zh": "长度", "en": "Lengths"},
    "weight": {"zh": "重量", "en": "Weights"},
    "flavour": {"zh": "口味", "en": "Flavours"},
    "flavor": {"zh": "口味", "en": "Flavours"},
    "temperature": {"zh": "温标", "en": "Temperature ratings"},
    "pack": {"zh": "包装", "en": "Packs"},
}


def product_passages(products: Iterable[Product]) -> list[Passage]:
    """Passages of each product in both languages. Prices and stock are not in them: they change,
    and callers ask the database."""
    return [
        passage
        for product in products
        for language in LANGUAGES
        for passage in _one_product(product, language)
    ]


def _one_product(product: Product, language: Language) -> list[Passage]:
    sizing = product.sizing[language] if product.sizing is not None else ""
    parts = {
        "description": _prose(product.summary[language], language)
        + _prose(product.description[language], language),
        "attributes": [Unit(line, line=True) for line in _specifications(product, language)],
        "sizing": _prose(sizing, language),
        "care": _prose(product.care[language], language),
    }
    passages: list[Passage] = []
    # Numbered over all parts, so that a part has its number whichever others are empty.
    for number, (part, units) in enumerate(parts.items(), start=1):
        if units:
            passages += _passages(
                product.id,
                number,
                units,
                kind="product",
                language=language,
                title=product.name[language],
                heading=_HEADINGS[part][language],
                url=f"/products/{product.id}",
            )
    return passages


def _prose(text: str, language: Language) -> list[Unit]:
    stop = "。" if language == "zh" else "."
    found = sentences(text, language)
    # A summary is a line without its full stop; in running text it needs one.
    closed = [s if re.search(r"[.!?。！？…；;:：”’」）)]$", s) else s + stop for s in found]
    return [Unit(sentence, line=i == 0) for i, sentence in enumerate(closed)]


def _specifications(product: Product, language: Language) -> list[str]:
    colon, stop = ("：", "。") if language == "zh" else (": ", ".")
    comma = "、" if language == "zh" else ", "
    rows = [(a["name"][language], a["value"][language]) for a in product.attributes]
    rows.append(("品牌" if language == "zh" else "Brand", product.brand))
    for key, values in _options(product, language).items():
        rows.append((_OPTION_NAMES.get(key, {}).get(language, key), comma.join(values)))
    if product.warranty_months:
        months = product.warranty_months
        rows.append(
            ("保修", f"{months} 个月") if language == "zh" else ("Warranty", f"{months} months")
        )
    if product.min_age:
        age = product.min_age
        rows.append(
            ("购买年龄", f"须年满 {age} 周岁")
            if language == "zh"
            else ("Age", f"only for customers aged {age} or over")
        )
    return [f"{name}{colon}{value}{'' if value.endswith(stop) else stop}" for name, value in rows]


def _options(product: Product, language: Language) -> dict[str, list[str]]:
    """What the product comes in, each value once, in the order of the variants."""
    values: dict[str, list[str]] = {}
    for variant in product.variants:
        for key, value in variant.options.items():
            seen = values.setdefault(key, [])
            if value[language] not in seen:
                seen.append(value[language])
    return values
