"""No shop stands in the code: its goods, name, brands, pages, tiers, order numbers, provinces and
carriers are data of its folder."""

from __future__ import annotations

import ast
import csv
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from demo import catalogue
from retrieval.text import HAN

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "shop"
SHOPS = ROOT / "tests" / "shops"
# What fills training sentences: tiers and places of many shops and countries.
GOODS = ROOT / "bot" / "rasa" / "data" / "goods"
PACKAGES = ("bot", "llm", "retrieval", "data")
_READ = {".py", ".yaml", ".yml", ".html", ".ts", ".css", ".json", ".md"}
_NOT_OURS = ("node_modules", "dist", "tests", "package-lock.json", "vitest.config.ts")

# Goods of the demo whose name is an ordinary word of the language as well: as a word of the code
# ("a pack of questions", 包 in 打包) it names nothing; nuts are an allergen by law.
_ORDINARY = set(
    "pack packs bag bags pad pads light lights stick sticks map top tops layer layers base gas "
    "food meal meals bottle bottles filter filters mix adapter adapters mat shell shells pot "
    "care cares repair ember coffee cooking nuts".split()
) | set("包 灯 帐 炉 壶 锅 鞋 袜 裤 服 水 垫 刀 杯 清洁 修补 吃的 食品 咖啡 内胆 坚果".split())


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            ours = not any(part in _NOT_OURS for part in path.parts)
            if path.suffix in _READ and ours:
                yield path


@cache
def _whole(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def _said(path: Path) -> str:
    """What the file's program works with: of Python its strings, without comments and docstrings;
    of other files everything."""
    text = _whole(path)
    if path.suffix != ".py":
        return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    docs = {
        node.body[0].value.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(
        token.string
        for token in tokens
        if token.type == tokenize.STRING and token.start[0] not in docs
    )


def _pattern(words: set[str]) -> re.Pattern[str]:
    """Any of the words, Latin ones whole and in any case, with a plural's s."""
    latin = sorted((w for w in words if w.isascii()), key=len, reverse=True)
    han = sorted((w for w in words if not w.isascii()), key=len, reverse=True)
    parts = [rf"(?<![a-z0-9]){re.escape(w)}s?(?![a-z0-9])" for w in latin] + list(
        map(re.escape, han)
    )
    return re.compile("|".join(parts), re.IGNORECASE)


def _found(words: set[str], text_of: Any, *, but: Path | None = None) -> list[str]:
    """Where the words stand, outside the folder `but`."""
    pattern = _pattern(words)
    return [
        f"{path.relative_to(ROOT)}: {', '.join(sorted({m[0] for m in pattern.finditer(text)}))}"
        for path in _files()
        if path.parent != but and pattern.search(text := text_of(path))
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _long(word: str) -> bool:
    """Long enough to name something: two characters of Han, four letters."""
    return len(re.findall(f"[{HAN}]", word)) >= 2 or len(word) >= 4


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _shop_folders() -> list[Path]:
    return [DEMO, *sorted(path.parent for path in SHOPS.glob("*/shop.yaml"))]


def test_no_shop_is_named() -> None:
    names = set()
    for folder in _shop_folders():
        identity = yaml.safe_load((folder / "shop.yaml").read_text("utf-8"))
        names |= set(_texts(identity["name"]))
        names |= {str(identity[k]) for k in ("email", "phone", "website") if identity.get(k)}
    assert len(names) >= 4
    assert _found(names, _whole) == []


def test_no_product_and_no_brand_is_named() -> None:
    goods = catalogue.parse()
    names = {text for p in goods.products for text in (p.name.zh, p.name.en, p.brand or "")}
    for folder in _shop_folders():
        for row in _rows(folder / "catalogue" / "products.csv"):
            names |= {v for k, v in row.items() if k.startswith(("name", "brand")) and v}
    assert len(names) > 100
    assert _found({name for name in names if _long(name)}, _whole) == []


def test_no_goods_of_the_demo_stand_in_what_the_code_works_with() -> None:
    goods = catalogue.parse()
    words = {
        word.lower()
        for item in (*goods.products, *goods.categories)
        for language in ("zh", "en")
        for word in (item.name[language], *item.aliases[language])
    }
    words = {w for w in words if _long(w) and w not in _ORDINARY}
    assert len(words) > 300
    assert _found(words, _said) == []


def test_no_page_of_a_shop_is_named() -> None:
    pages = {
        path.stem
        for folder in _shop_folders()
        for path in (folder / "documents").rglob("*.md")
        if "-" in path.stem
    }
    assert len(pages) > 20
    assert _found({f'"{page}"' for page in pages}, _said) == []


def test_no_tier_place_carrier_or_order_number_of_a_shop_is_known() -> None:
    tiers = {"金卡", "银卡", "gold", "silver"}  # a tier's id in code would be a shop's
    places = {
        "浙江",
        "新疆",
        "西藏",
        "内蒙古",
        "Zhejiang",
        "Xinjiang",
        "mainland China",
        "Hangzhou",
        "杭州",
    }
    assert _found(tiers | places, _said, but=GOODS) == []
    words = {"SP\\d", "SP\\\\d", "eight digits", "8 位数字", "six-digit", "六位"}
    words |= {"顺丰", "京东物流", "中通", "圆通", "韵达", "花呗"}
    assert _found(words, _said) == []
