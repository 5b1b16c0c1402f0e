"""Documents and products to passages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from data.models import Localized, Product, Variant
from retrieval.errors import DocumentError
from retrieval.facts import product_passages
from retrieval.ingest import MAX_BYTES, read_documents
from retrieval.types import embedding_text


def write(folder: Path, name: str, text: str | bytes, language: str = "en") -> None:
    path = folder / language / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_document_becomes_passages(tmp_path: Path) -> None:
    write(
        tmp_path,
        "returns.md",
        "---\ntitle: Returns\ntopic: returns\n---\n\nIn short.\n\n## Sale items\n\nSeven days.\n",
    )
    first, second = read_documents(tmp_path).passages
    assert (first.id, first.heading, first.text) == ("returns#1", "", "In short.")
    assert second.id == "returns#2"
    assert second.url == "/help/en/returns"
    assert embedding_text(second) == "Returns\nSale items\nSeven days."


def test_sections_are_numbered_alike_in_both_languages(tmp_path: Path) -> None:
    long = "很长的一句话，说的是同一件事，一遍又一遍。" * 40
    write(tmp_path, "a.md", f"---\ntitle: 甲\n---\n## 一\n{long}\n## 二\n短。\n", "zh")
    write(tmp_path, "a.md", "---\ntitle: A\n---\n## One\nShort.\n## Two\nShort.\n")
    ids = [(passage.language, passage.id) for passage in read_documents(tmp_path).passages]
    assert ids[0] == ("zh", "a#1")
    assert ids[1] == ("zh", "a#1.2")
    assert ("zh", "a#2") in ids
    assert ids[-2:] == [("en", "a#1"), ("en", "a#2")]


def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "# Delivery\n\nIt is free.\n\n## Express\nFast.\n")
    write(tmp_path, "b.md", "Only text.")
    found = read_documents(tmp_path).passages
    assert [(p.title, p.heading) for p in found] == [
        ("Delivery", ""),
        ("Delivery", "Express"),
        ("b", ""),
    ]


def test_bad_files_are_left_out_with_a_warning_each(tmp_path: Path) -> None:
    write(tmp_path, "binary.md", b"\x00\x01\xff" * 20)
    write(tmp_path, "empty.md", "")
    write(tmp_path, "good.md", "Text.")
    write(tmp_path, "head.md", "---\ntitle: [open\n---\nText of it.")
    write(tmp_path, "huge.md", "a" * (MAX_BYTES + 1))
    write(tmp_path, "only.md", "---\ntitle: Only\n---\n")
    found = read_documents(tmp_path)
    assert [passage.source for passage in found.passages] == ["good", "head"]
    warnings = "\n".join(found.warnings)
    for name, words in {
        "binary.md": "is no text",
        "empty.md": "has no text",
        "head.md": "is not YAML, line",
        "huge.md": "split it",
        "only.md": "has no text",
    }.items():
        assert any(name in line and words in line for line in found.warnings), warnings


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, "good.md", "Text.")
    write(tmp_path, "terms.odt", b"PK")
    write(tmp_path, "more/good.md", "Other text.")
    write(tmp_path, "好.md", "文字。", "zh")
    write(tmp_path, ".cache.md", "Hidden.")
    found = read_documents(tmp_path, ["en"])
    # Of two files with one name both are read, each under a source of its own.
    assert [(p.source, p.text) for p in found.passages] == [
        ("good", "Text."),
        ("good-md", "Other text."),
    ]
    for name, words in {"terms.odt": "no .odt is read", "/zh": "no language zh"}.items():
        assert any(name in line and words in line for line in found.warnings), found.warnings
    assert len(found.warnings) == 2


def test_files_beside_the_folders_of_languages_tell_their_own(tmp_path: Path) -> None:
    write(tmp_path, "en.txt", "Goods go back within 14 days of delivery.", ".")
    write(tmp_path, "zh.txt", "签收后十四天内可以退货。", ".")
    both = "# Returns\n\nGoods go back within 14 days.\n\n# 退货\n\n签收后十五天内可以退货。\n"
    write(tmp_path, "both.md", both, ".")
    write(tmp_path, "de.txt", "Wir liefern nicht nach Helgoland und auf andere Inseln.", ".")
    found = read_documents(tmp_path, ["zh", "en"])
    assert {(p.source, p.language, p.heading) for p in found.passages} == {
        ("en", "en", ""),
        ("zh", "zh", ""),
        ("both", "en", ""),
        ("both", "zh", "退货"),
    }
    assert any("de.txt is written in none" in line for line in found.warnings)


def test_what_stands_in_two_documents_is_indexed_once(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "## Fees\n\nDelivery is free from $35.\n\n## More\n\nOnly here.\n")
    write(tmp_path, "b.txt", "Q: Fees\nA: Delivery is  free from $35.\n")
    found = read_documents(tmp_path, ["en"])
    assert [p.source for p in found.passages] == ["a", "a"]
    assert [(d.source, d.passages, d.repeated) for d in found.documents] == [
        ("a", 2, 0),
        ("b", 0, 1),
    ]
    assert any("b.txt" in line and "indexed once" in line for line in found.warnings)


def test_a_shop_with_one_language_needs_no_folder_for_it(tmp_path: Path) -> None:
    write(tmp_path, "returns.md", "Seven days.", ".")
    (passage,) = read_documents(tmp_path, ["en"]).passages
    assert (passage.source, passage.language) == ("returns", "en")


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="holds no documents"):
        read_documents(tmp_path / "nowhere")


def product() -> Product:
    return Product(
        id="ridgeline-2-tent",
        category_id="tents",
        brand="Spruce",
        name=Localized("岭线双人三季帐", "Ridgeline 2 Tent"),
        aliases={"zh": ["岭线"], "en": ["ridgeline"]},
        summary=Localized("双人三季帐", "A tent for two"),
        description=Localized("两个门。", "Two doors."),
        attributes=[
            {
                "key": "waterproof",
                "name": {"zh": "防水", "en": "Waterproof"},
                "value": {"zh": "3000 毫米", "en": "3,000 mm"},
            }
        ],
        sizing=None,
        care=Localized("晾干再收。", "Dry before packing."),
        tags=[],
        return_class="standard",
        warranty_months=24,
        min_age=None,
        rebuy_days=None,
        launched_on=date(2024, 1, 1),
        variants=[
            Variant(sku="A", position=1, options={"color": {"zh": "松绿", "en": "pine"}}),
            Variant(sku="B", position=2, options={"color": {"zh": "沙色", "en": "sand"}}),
        ],
    )


def test_a_product_becomes_passages_in_both_languages() -> None:
    found = {(p.language, p.id): p for p in product_passages([product()])}
    # Without sizing advice there is no third part; the care keeps its number.
    assert sorted({number for _, number in found}) == [
        "ridgeline-2-tent#1",
        "ridgeline-2-tent#2",
        "ridgeline-2-tent#4",
    ]
    assert found["en", "ridgeline-2-tent#1"].text == "A tent for two.\nTwo doors."
    assert found["en", "ridgeline-2-tent#2"].text.split("\n") == [
        "Waterproof: 3,000 mm.",
        "Brand: Spruce.",
        "Colours: pine, sand.",
        "Warranty: 24 months.",
    ]
    assert "颜色：松绿、沙色。" in found["zh", "ridgeline-2-tent#2"].text
    assert found["zh", "ridgeline-2-tent#4"].heading == "保养"


def test_a_product_is_told_once_in_a_shop_with_one_language() -> None:
    item = product()
    item.brand = None  # type: ignore[assignment]
    item.summary = None  # type: ignore[assignment]
    item.care = None  # type: ignore[assignment]
    found = product_passages([item], ["en"])
    assert [(p.language, p.id) for p in found] == [
        ("en", "ridgeline-2-tent#1"),
        ("en", "ridgeline-2-tent#2"),
    ]
    assert "Brand" not in found[1].text


def test_options_without_fixed_names_and_yes_or_no_are_told_by_version() -> None:
    item = product()
    item.variants = [
        Variant(sku=str(i), position=i, options=options)
        for i, options in enumerate(
            [
                {"battery_life": both("10 hours"), "water_resistance": both("yes")},
                {"battery_life": both("20 hours"), "water_resistance": both("no")},
            ]
        )
    ]
    text = product_passages([item], ["en"])[1].text
    assert "Battery life: 10 hours, 20 hours." in text
    assert "Version: 10 hours, water resistance yes." in text
    assert "Version: 20 hours, water resistance no." in text
    assert "Water resistance: yes, no" not in text


def both(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}
