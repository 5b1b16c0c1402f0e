"""Names of the catalogue in a customer's sentence, and their way out of the database."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bot.commands.lookups import export, names
from bot.rasa.components.lookups import Lookups
from data.database import create_engine, session_factory
from data.models import Base, Category, Localized, Product
from data.unit_of_work import UnitOfWork

LOOKUPS = Lookups(
    {
        "products": {
            "ridgeline-2": ["岭线双人三季帐", "岭线", "Ridgeline 2 Tent", "ridgeline"],
            "ridgeline-3": ["岭线三人帐", "岭线", "Ridgeline 3 Tent", "ridgeline"],
            "cup": ["Tin Cup"],
        },
        "categories": {"tents": ["帐篷", "tent"], "boxes": ["box"]},
        "brands": {"Spruce": ["Spruce"]},
    }
)


def found(text: str) -> list[tuple[str, str, str]]:
    return [(f.entity, f.value, text[f.start : f.end]) for f in LOOKUPS.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("岭线双人三季帐防水吗", [("product", "ridgeline-2", "岭线双人三季帐")]),
        ("is the RIDGELINE 2 TENT light?", [("product", "ridgeline-2", "RIDGELINE 2 TENT")]),
        ("ridgeline-2-tent", [("product", "ridgeline-2", "ridgeline-2-tent")]),
        ("两个tin cup多少钱", [("product", "cup", "tin cup")]),
        ("Ｔｉｎ　Ｃｕｐ", [("product", "cup", "Ｔｉｎ　Ｃｕｐ")]),
        ("500以内的帐篷", [("category", "tents", "帐篷")]),
        ("tents and boxes", [("category", "tents", "tents"), ("category", "boxes", "boxes")]),
        ("anything by spruce?", [("brand", "Spruce", "spruce")]),
        ("content, intents, patents", []),
        ("", []),
    ],
)
def test_longest_names_in_both_languages(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert found(text) == expected


def test_a_shared_name_is_found_once() -> None:
    assert found("岭线多重") == [("product", "ridgeline-2", "岭线")]


def test_no_names_find_nothing() -> None:
    assert Lookups({}).find("岭线 tent") == []


def _category() -> Category:
    return Category(
        id="tents",
        name=Localized("帐篷", "Tents"),
        aliases={"zh": ["帐篷", "帐"], "en": ["tent", "TENTS"]},
    )


def _product() -> Product:
    return Product(
        id="ridgeline-2-tent",
        category_id="tents",
        brand="Spruce",
        name=Localized("岭线双人帐", "Spruce Ridgeline 2"),
        aliases={"zh": ["岭线"], "en": ["ridgeline"]},
        summary=Localized("轻", "light"),
        description=Localized("轻", "light"),
        attributes=[],
        sizing=None,
        care=Localized("擦", "wipe"),
        tags=[],
        launched_on=date(2024, 3, 12),
    )


def test_names_are_distinct_and_known_without_the_brand() -> None:
    assert names([_product()], [_category()]) == {
        "products": {
            "ridgeline-2-tent": [
                "岭线双人帐",
                "Spruce Ridgeline 2",
                "岭线",
                "ridgeline",
                "Ridgeline 2",
            ]
        },
        "categories": {"tents": ["帐篷", "Tents", "tent"]},
        "brands": {"Spruce": ["Spruce"]},
    }


def test_the_file_is_written_only_when_it_changes(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    work = UnitOfWork(session_factory(engine))
    with work:
        work.session.add(_category())
        work.products.add(_product())
        work.commit()
    path = tmp_path / "state" / "lookups.json"
    assert export(work, path)
    assert not export(work, path)
    assert "岭线" in json.loads(path.read_text(encoding="utf-8"))["products"]["ridgeline-2-tent"]
    assert [f.value for f in Lookups.read(path).find("岭线双人帐")] == ["ridgeline-2-tent"]
    assert [file.name for file in path.parent.iterdir()] == ["lookups.json"]
    engine.dispose()
