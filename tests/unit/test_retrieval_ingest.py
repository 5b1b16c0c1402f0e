"""Documents and products to passages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from data.models import Localized, Product, ReturnClass, Variant
from retrieval.errors import DocumentError
from retrieval.ingest import MAX_BYTES, embedding_text, product_passages, read_documents


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
    write(tmp_path, "binary.md", b"\xff\xfe\x00")
    write(tmp_path, "empty.md", "")
    write(tmp_path, "good.md", "Text.")
    write(tmp_path, "head.md", "---\ntitle: [open\n---\nText.")
    write(tmp_path, "huge.md", "a" * (MAX_BYTES + 1))
    write(tmp_path, "only.md", "---\ntitle: Only\n---\n")
    found = read_documents(tmp_path)
    assert [passage.source for passage in found.passages] == ["good", "head"]
    warnings = "\n".join(found.warnings)
    for name, words in {
        "binary.md": "is not UTF-8",
        "empty.md": "has no text",
        "head.md": "is not YAML, line",
        "huge.md": "split it",
        "only.md": "has no text",
    }.items():
        assert any(name in line and words in line for line in found.warnings), warnings


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
        return_class=ReturnClass.STANDARD,
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
