"""Every product of the demo shop has a picture of its own kind, small, safe and always the same."""

from __future__ import annotations

import inspect
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from data.models import Product, Variant
from demo import catalogue
from demo.storefront.pictures import Pictures

PRODUCTS = {product.id: product for product in catalogue.parse(currency="CNY").products}
_HARMLESS = {"svg", "g", "path", "rect", "circle", "ellipse"}


def colours(product: Product) -> set[str]:
    return {v.options["color"]["en"] for v in product.variants if "color" in v.options}


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return Pictures()


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_a_picture_is_a_small_drawing_without_script(pictures: Pictures, product: Product) -> None:
    for colour in (None, *colours(product)):
        content = pictures.of(product, colour).content
        assert len(content) < 6000
        root = ET.fromstring(content)  # noqa: S314  # our own drawing
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        for element in root.iter():
            assert element.tag.rpartition("}")[2] in _HARMLESS
            assert not any(name.startswith("on") or "href" in name for name in element.attrib)
        assert b"@" not in content  # every named colour was filled in


def test_the_table_knows_every_product_every_colour_and_every_drawing() -> None:
    folder = Path(inspect.getfile(Pictures)).parent
    table = yaml.safe_load((folder / "table.yaml").read_text("utf-8"))
    assert table["motifs"].keys() == PRODUCTS.keys()
    used = {
        entry[key] for entry in table["motifs"].values() for key in ("own", "trim") if key in entry
    }
    used = used.union(*(colours(product) for product in PRODUCTS.values()))
    assert used <= table["colours"].keys()
    needed = {entry["motif"] for entry in table["motifs"].values()} | {"parcel"}
    assert needed == {path.stem for path in (folder / "motifs").glob("*.svg")}
    assert set(table["categories"].values()) <= needed
    assert table["categories"].keys() == {product.category_id for product in PRODUCTS.values()}


def test_a_picture_shows_the_colour_that_was_asked_for(pictures: Pictures) -> None:
    tent = PRODUCTS["ridgeline-2-tent"]
    pine, sand = pictures.of(tent, "pine"), pictures.of(tent, "sand")
    assert pine.content != sand.content
    assert pictures.of(tent).content == pine.content  # its first colour
    assert pictures.of(tent, "no such colour").content == pine.content


def test_the_same_picture_is_drawn_alike_by_another_process(pictures: Pictures) -> None:
    for product in PRODUCTS.values():
        assert Pictures().of(product).content == pictures.of(product).content


def test_goods_that_the_table_does_not_know_get_their_categorys_motif(pictures: Pictures) -> None:
    tent = PRODUCTS["ridgeline-2-tent"]

    def other(category_id: str) -> bytes:
        variant = Variant(options={"color": {"zh": "松绿", "en": "pine"}})
        strange = Product(id="other", category_id=category_id, variants=[variant])
        return pictures.of(strange).content

    assert other("tents") == pictures.of(tent).content
    assert ET.fromstring(other("bicycles")) is not None  # noqa: S314
    assert other("bicycles") != other("tents")
